package dormouse.agent;

import dormouse.agent.AgentHarness.Answer;
import dormouse.agent.ScriptedBackend.Request;
import dormouse.contract.Problems;
import java.util.concurrent.TimeUnit;

/** A whole agent that publishes one Llm, {@code qwen}, with a scripted server before it and a scripted backend behind it. */
final class InferScene implements AutoCloseable {
    static final String BODY = "{\"model\":\"qwen\",\"temperature\":1.10}";

    final AgentHarness harness = new AgentHarness();
    final ScriptedBackend backend = new ScriptedBackend((request, connection) -> {});
    final LlmConfig llm = LlmConfig.of("qwen", backend.url());

    /** Answers checks by itself, and inferences by the script. */
    ScriptedServer.Peer attach(ScriptedBackend.Script script) {
        backend.script = (request, connection) -> {
            if (request.line().startsWith("GET ")) {
                connection.answer(200, "application/json", "{}");
            } else {
                script.answer(request, connection);
            }
        };
        return harness.attach(llm);
    }

    /** The next inference that the backend was asked for. */
    Request asked() throws InterruptedException {
        while (true) {
            Request request = backend.requests.poll(10, TimeUnit.SECONDS);
            if (request == null) {
                throw new AssertionError("the backend was not asked");
            }
            if (request.line().startsWith("POST")) {
                return request;
            }
        }
    }

    static String reason(Answer answer) {
        return Problems.reason(answer.end().getError());
    }

    @Override
    public void close() {
        harness.close();
        backend.close();
    }
}
