package dormouse.server.api;

import dormouse.contract.Problems;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;

/** The one place where a failure becomes what a gRPC client gets. Stateless. */
final class Errors {
    private Errors() {}

    static StatusRuntimeException of(Failure failure) {
        return Problems.exception(Problems.status(
                Code.valueOf(failure.reason().code().name()),
                failure.reason().name(),
                failure.message(),
                failure.retryAfter(),
                failure.details()));
    }

    static StatusRuntimeException of(Reason reason, String message) {
        return of(Failure.of(reason, message));
    }
}
