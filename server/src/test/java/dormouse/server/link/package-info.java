/** Tests of an agent's stream, without one. */
@NullMarked
package dormouse.server.link;

import org.jspecify.annotations.NullMarked;
