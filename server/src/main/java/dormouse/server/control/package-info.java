/**
 * The shell around the decisions: load, decide, save, tell, in that order and on one lane. Imports {@code fleet} alone.
 */
@NullMarked
package dormouse.server.control;

import org.jspecify.annotations.NullMarked;
