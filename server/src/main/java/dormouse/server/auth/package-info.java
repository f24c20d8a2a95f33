/**
 * Who calls, and what that lets them do: tokens, roles, patterns of names, limits for each token. No transport, no SQL:
 * the doors ask here, and the rows are behind an interface. Imports {@code fleet}.
 */
@NullMarked
package dormouse.server.auth;

import org.jspecify.annotations.NullMarked;
