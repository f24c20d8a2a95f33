/** The whole system in real processes: what only they can show. */
@NullMarked
package dormouse.e2e;

import org.jspecify.annotations.NullMarked;
