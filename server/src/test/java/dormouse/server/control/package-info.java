/** Tests of the control's parts, one at a time. */
@NullMarked
package dormouse.server.control;

import org.jspecify.annotations.NullMarked;
