/** Tests of the relay's parts, one at a time. */
@NullMarked
package dormouse.server.relay;

import org.jspecify.annotations.NullMarked;
