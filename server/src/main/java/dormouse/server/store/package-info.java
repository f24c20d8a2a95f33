/**
 * All SQL, and the migrations, for H2 and PostgreSQL alike. Imports {@code fleet}, JDBI and what it stands on (JDBC, HikariCP,
 * Flyway), and Jackson for the one column that is JSON. {@link dormouse.server.store.Database} is the way in.
 */
@NullMarked
package dormouse.server.store;

import org.jspecify.annotations.NullMarked;
