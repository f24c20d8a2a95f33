/** Tests of who may do what, without a door. */
@NullMarked
package dormouse.server.auth;

import org.jspecify.annotations.NullMarked;
