/** Placeholder. */
@NullMarked
package dormouse.demo;

import org.jspecify.annotations.NullMarked;
