/**
 * gRPC toward agents: one object per stream. Types of the contract stop here. Imports {@code fleet}, {@code control}, {@code relay}, and the contract.
 */
@NullMarked
package dormouse.server.link;

import org.jspecify.annotations.NullMarked;
