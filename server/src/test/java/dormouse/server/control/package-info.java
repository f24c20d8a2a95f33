/** Tests of the shell's parts, one at a time. */
@NullMarked
package dormouse.server.control;

import org.jspecify.annotations.NullMarked;
