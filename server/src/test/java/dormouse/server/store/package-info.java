/** What a store must promise, shown on every database that Dormouse runs on. */
@NullMarked
package dormouse.server.store;

import org.jspecify.annotations.NullMarked;
