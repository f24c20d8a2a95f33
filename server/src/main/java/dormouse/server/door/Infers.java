package dormouse.server.door;

import dormouse.server.fleet.LlmName;
import dormouse.server.relay.BodyAllowance;
import dormouse.server.relay.InferCall;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;

/** Takes requests for Llms from their first header to their task; what comes back is an {@link Exchange}. Event loops. */
final class Infers {
    /** Reading more than this would hold the other connections of the loop for longer than a token should wait. */
    private static final int READ_ON_LOOP = 256 << 10;

    private final Door.Ground ground;

    Infers(Door.Ground ground) {
        this.ground = ground;
    }

    /** @param path below {@code /v1/} */
    void post(Call call, String path) {
        BodyAllowance allowance = ground.relay().allowance();
        new BodyReader(call, allowance, ground, body -> read(call, path, body, allowance)).read();
    }

    private void read(Call call, String path, byte[] body, BodyAllowance allowance) {
        String type = call.request().getHeader("content-type");
        Future<Asked> asked = body.length <= READ_ON_LOOP
                ? here(body, type)
                : Vertx.currentContext().executeBlocking(() -> Asked.of(body, type), false);
        asked.onSuccess(found -> infer(call, path, found, body, allowance)).onFailure(why -> {
            allowance.release();
            call.refuse(Asked.refusal(why));
        });
    }

    private static Future<Asked> here(byte[] body, String type) {
        try {
            return Future.succeededFuture(Asked.of(body, type));
        } catch (Asked.MalformedException e) {
            return Future.failedFuture(e);
        }
    }

    private void infer(Call call, String path, Asked asked, byte[] body, BodyAllowance allowance) {
        if (call.over()) {
            allowance.release(); // the client left while its body was read
            return;
        }
        HttpServerRequest request = call.request();
        String type = request.getHeader("content-type");
        InferCall infer;
        try {
            infer = new InferCall(
                    name(asked.model()),
                    request.query() == null ? path : path + "?" + request.query(),
                    type == null ? "application/json" : type,
                    ByteBuffer.wrap(body).asReadOnlyBuffer(),
                    CallHeaders.passing(request.headers()),
                    CallHeaders.deadlines(ground.deadlines(), request.headers()),
                    "");
        } catch (Asked.MalformedException e) {
            allowance.release();
            call.refuse(Asked.refusal(e));
            return;
        }
        Exchange exchange = new Exchange(call, asked.stream(), ground.time());
        exchange.begun(ground.relay().infer(infer, allowance, exchange));
    }

    private static LlmName name(String model) throws Asked.MalformedException {
        if (!LlmName.isValid(model)) {
            throw new Asked.MalformedException("model", "model: " + LlmName.rule(model));
        }
        return new LlmName(model);
    }
}
