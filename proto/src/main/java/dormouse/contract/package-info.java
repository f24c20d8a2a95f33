/**
 * The one convention that the .proto files cannot say: how an error travels. Every error is a {@code google.rpc.Status}
 * with an {@code ErrorInfo} of domain {@code dormouse}, and a {@code RetryInfo} where a retry can help.
 */
@NullMarked
package dormouse.contract;

import org.jspecify.annotations.NullMarked;
