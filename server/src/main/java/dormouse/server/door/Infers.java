package dormouse.server.door;

import dormouse.server.fleet.LlmName;
import dormouse.server.relay.BodyAllowance;
import dormouse.server.relay.InferCall;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;

/** Takes requests for Llms from their first header to their task; what comes back is an {@link Exchange}. Event loops. */
final class Infers {
    private final Door.Ground ground;

    Infers(Door.Ground ground) {
        this.ground = ground;
    }

    /** @param path below {@code /v1/} */
    void post(Call call, String path) {
        BodyAllowance allowance = ground.relay().allowance();
        new BodyReader(call, allowance, body -> infer(call, path, body, allowance)).read();
    }

    private void infer(Call call, String path, byte[] body, BodyAllowance allowance) {
        try {
            Asked asked = Asked.ofJson(body);
            HttpServerRequest request = call.request();
            String type = request.getHeader("content-type");
            InferCall infer = new InferCall(
                    name(asked.model()),
                    request.query() == null ? path : path + "?" + request.query(),
                    type == null ? "application/json" : type,
                    ByteBuffer.wrap(body).asReadOnlyBuffer(),
                    CallHeaders.passing(request.headers()),
                    CallHeaders.deadlines(ground.deadlines(), request.headers()),
                    "");
            Exchange exchange = new Exchange(call, asked.stream(), ground.time());
            exchange.begun(ground.relay().infer(infer, allowance, exchange));
        } catch (Asked.MalformedException e) {
            allowance.release();
            call.refuse(e.refusal());
        }
    }

    private static LlmName name(String model) throws Asked.MalformedException {
        if (!LlmName.isValid(model)) {
            throw new Asked.MalformedException("model", "model: " + LlmName.rule(model));
        }
        return new LlmName(model);
    }
}
