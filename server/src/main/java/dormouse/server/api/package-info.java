/**
 * gRPC toward clients and operators. Types of the contract stop here. Imports {@code fleet}, {@code control}, {@code relay}, and the contract.
 */
@NullMarked
package dormouse.server.api;

import org.jspecify.annotations.NullMarked;
