/**
 * One flow per running task: who waits for what, and the bytes on their way. Imports {@code fleet} and {@code control}.
 */
@NullMarked
package dormouse.server.relay;

import org.jspecify.annotations.NullMarked;
