/**
 * HTTP toward clients: OpenAI's and Anthropic's paths, probes, and whatever else answers a GET. Imports {@code fleet},
 * {@code control} and {@code relay}; Vert.x stops here.
 */
@NullMarked
package dormouse.server.door;

import org.jspecify.annotations.NullMarked;
