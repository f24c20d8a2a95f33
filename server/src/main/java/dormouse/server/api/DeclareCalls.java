package dormouse.server.api;

import dormouse.server.control.Fleet;
import dormouse.server.control.PublicLlms;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.Reason;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.DeleteLlmResponse;
import dormouse.v1.Llm;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** {@code CreateLlm} and {@code DeleteLlm}: what an operator declares and removes. Any thread; no method blocks. */
final class DeclareCalls {
    private final PublicLlms publicLlms;
    private final Views views;
    private final Executor blocking;

    DeclareCalls(PublicLlms publicLlms, Views views, Executor blocking) {
        this.publicLlms = publicLlms;
        this.views = views;
        this.blocking = blocking;
    }

    void create(CreateLlmRequest request, StreamObserver<Llm> response) {
        mayLeave(response);
        Declaration said;
        try {
            said = declaration(request);
        } catch (StatusRuntimeException e) {
            response.onError(e);
            return;
        } catch (IllegalArgumentException e) {
            response.onError(Errors.of(Reason.MALFORMED, String.valueOf(e.getMessage())));
            return;
        }
        try {
            String actor = Visits.caller().id();
            blocking.execute(() -> create(said, actor, response));
        } catch (RejectedExecutionException e) {
            response.onError(Errors.of(Fleet.storeBusy()));
        }
    }

    /** May wait for the disk on which the key is. */
    private void create(Declaration said, String actor, StreamObserver<Llm> response) {
        String complaint = publicLlms.check(said);
        if (complaint != null) {
            response.onError(Errors.of(Reason.MALFORMED, complaint));
            return;
        }
        publicLlms.create(
                said,
                actor,
                llm -> {
                    response.onNext(views.live(llm));
                    response.onCompleted();
                },
                why -> refuse(response, why));
    }

    private static Declaration declaration(CreateLlmRequest request) {
        dormouse.v1.LlmSpec spec = request.getSpec();
        LlmName name = LlmApi.name(spec.getName());
        return new Declaration(
                name,
                new LlmSpec(
                        spec.getModel().isEmpty() ? name.value() : spec.getModel(),
                        spec.getPool(),
                        spec.getConcurrency() == 0 ? LlmSpec.DEFAULT_CONCURRENCY : spec.getConcurrency(),
                        false,
                        false,
                        spec.getLabelsMap(),
                        LlmSpec.DEFAULT_MAX_WAIT,
                        spec.getType().isEmpty() ? "openai" : spec.getType()),
                request.getUrl(),
                request.getKeyEnv().isEmpty() ? null : request.getKeyEnv(),
                request.getKeyFile().isEmpty() ? null : request.getKeyFile(),
                Declaration.Origin.CREATED);
    }

    void delete(DeleteLlmRequest request, StreamObserver<DeleteLlmResponse> response) {
        mayLeave(response);
        LlmName name;
        try {
            name = LlmApi.name(request.getName());
        } catch (StatusRuntimeException e) {
            response.onError(e);
            return;
        }
        publicLlms.delete(
                name,
                Visits.caller().id(),
                () -> {
                    response.onNext(DeleteLlmResponse.getDefaultInstance());
                    response.onCompleted();
                },
                why -> refuse(response, why));
    }

    private static void refuse(StreamObserver<?> response, Failure why) {
        response.onError(Errors.of(why));
    }

    /** Else an answer to a caller who has left would throw, on whichever thread it is given. */
    private static void mayLeave(StreamObserver<?> response) {
        ((ServerCallStreamObserver<?>) response).setOnCancelHandler(() -> {});
    }
}
