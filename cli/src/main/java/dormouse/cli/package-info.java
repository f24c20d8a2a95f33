/**
 * The command line: a class per command, over gRPC to the server.
 *
 * <p>Data goes to standard output, all else to standard error. Every class is used by the one thread that runs the
 * command, save where it says otherwise. May import: {@code dormouse.v1}, {@code dormouse.contract},
 * {@code dormouse.settings}.
 */
@NullMarked
package dormouse.cli;

import org.jspecify.annotations.NullMarked;
