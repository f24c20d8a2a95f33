/** Placeholder. */
@NullMarked
package dormouse.agent;

import org.jspecify.annotations.NullMarked;
