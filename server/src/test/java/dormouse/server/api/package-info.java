/** Tests of the client's edge, one part at a time. */
@NullMarked
package dormouse.server.api;

import org.jspecify.annotations.NullMarked;
