package dormouse.server.door;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.BodyAllowance;
import dormouse.server.relay.InferCall;
import dormouse.server.relay.JsonRequest;
import dormouse.server.relay.Task;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes requests for Llms from their first header to their task; what comes back is an {@link Exchange}. Event loops. */
final class Infers {
    private static final Logger log = LoggerFactory.getLogger(Infers.class);

    private final Door.Ground ground;

    Infers(Door.Ground ground) {
        this.ground = ground;
    }

    /** @param path below {@code /v1/} */
    void post(Call call, String path) {
        Failure tooMany = call.visit().beginTask();
        if (tooMany != null) {
            call.refuse(Refusal.of(tooMany));
            return;
        }
        BodyAllowance allowance = ground.relay().allowance();
        new BodyReader(call, allowance, ground, body -> read(call, path, body, allowance)).read();
    }

    private void read(Call call, String path, byte[] body, BodyAllowance allowance) {
        String type = call.request().getHeader("content-type");
        Future<Asked> asked = body.length <= JsonRequest.READ_AT_ONCE
                ? here(body, type)
                : Vertx.currentContext().executeBlocking(() -> Asked.of(body, type), false);
        asked.onSuccess(found -> infer(call, path, found, body, allowance)).onFailure(why -> {
            allowance.release();
            if (!(why instanceof Asked.MalformedException)) {
                log.error("a request's body could not be read", why);
            }
            call.refuse(Asked.refusal(why));
        });
    }

    private static Future<Asked> here(byte[] body, String type) {
        try {
            return Future.succeededFuture(Asked.of(body, type));
        } catch (Asked.MalformedException | RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private void infer(Call call, String path, Asked asked, byte[] body, BodyAllowance allowance) {
        if (call.over()) {
            allowance.release(); // the client left while its body was read
            return;
        }
        Failure ended = call.visit().ended();
        if (ended != null) { // while its body was read
            allowance.release();
            call.refuse(Refusal.of(ended));
            return;
        }
        HttpServerRequest request = call.request();
        String type = request.getHeader("content-type");
        InferCall infer;
        try {
            LlmName name = name(asked.model());
            if (!call.caller().mayUse(name)) {
                allowance.release();
                call.refuse(Refusal.of(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name)));
                return;
            }
            infer = new InferCall(
                    name,
                    request.query() == null ? path : path + "?" + request.query(),
                    type == null ? "application/json" : type,
                    ByteBuffer.wrap(body).asReadOnlyBuffer(),
                    CallHeaders.passing(request.headers()),
                    CallHeaders.deadlines(ground.deadlines(), request.headers()),
                    call.caller().id());
        } catch (Asked.MalformedException | RuntimeException e) {
            allowance.release();
            call.refuse(Asked.refusal(e));
            return;
        }
        Exchange exchange = new Exchange(call, asked.stream(), ground.time());
        Task task = ground.relay().infer(infer, allowance, exchange);
        exchange.begun(task);
        call.visit().whenEnded(task::fail);
    }

    private static LlmName name(String model) throws Asked.MalformedException {
        if (!LlmName.isValid(model)) {
            throw new Asked.MalformedException("model", "model: " + LlmName.rule(model));
        }
        return new LlmName(model);
    }
}
