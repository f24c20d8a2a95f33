/** Placeholder. */
@NullMarked
package dormouse.cli;

import org.jspecify.annotations.NullMarked;
