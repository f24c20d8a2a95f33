/** Placeholder. */
@NullMarked
package dormouse.settings;

import org.jspecify.annotations.NullMarked;
