/** Placeholder. */
@NullMarked
package dormouse.server;

import org.jspecify.annotations.NullMarked;
