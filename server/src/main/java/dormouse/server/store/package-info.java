/**
 * All SQL, and the migrations. Imports {@code fleet} and JDBI.
 */
@NullMarked
package dormouse.server.store;

import org.jspecify.annotations.NullMarked;
