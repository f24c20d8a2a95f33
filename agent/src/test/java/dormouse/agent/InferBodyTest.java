package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedBackend.Request;
import dormouse.contract.Problems;
import dormouse.form.BodyType;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferEnd;
import dormouse.v1.ServerMessage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The body of a request on its way to a backend. */
class InferBodyTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void a_large_body_comes_in_frames_under_its_window() throws Exception {
        var peer = scene.attach(ScriptedBackend.answering(200, "text/plain", "ok"));
        String body = "{\"image\":\"" + "x".repeat(1 << 20) + "\",\"model\":\"qwen\"}";
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("t1", "qwen", bytes.length)));

        int sent = 0;
        long consumed = 0;
        while (sent < bytes.length) {
            int frame = Math.min(16 * 1024, bytes.length - sent);
            while (sent + frame - consumed > 64 * 1024) {
                consumed = peer.await(AgentMessage::hasWindow, "a window")
                        .getWindow()
                        .getConsumed();
            }
            AgentHarness.input(
                    peer, "t1", sent, Arrays.copyOfRange(bytes, sent, sent + frame), sent + frame == bytes.length);
            sent += frame;
        }

        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("ok");
        assertThat(scene.asked().text()).isEqualTo(body);
    }

    @Test
    void a_form_gets_the_backends_name_for_the_model_and_the_request_its_key() throws Exception {
        scene.backend.script = ScriptedBackend.answering(200, "text/plain", "ok");
        var peer = scene.harness.attach(new LlmConfig(
                "qwen",
                scene.backend.url(),
                "other",
                BackendType.OPENAI,
                new Secret("sk-1"),
                "",
                4,
                Map.of(),
                scene.llm.available(),
                null,
                null,
                null));
        String body = "--b\r\ncontent-disposition: form-data; name=model\r\n\r\nqwen\r\n--b--\r\n";

        AgentHarness.ask(
                peer, AgentHarness.infer("t1", "qwen", 0).setContentType("multipart/form-data; boundary=b"), body);

        assertThat(AgentHarness.answer(peer, "t1").end().hasError()).isFalse();
        Request request = scene.asked();
        assertThat(request.text()).isEqualTo(body.replace("qwen", "other"));
        assertThat(request.headers())
                .containsEntry("content-type", "multipart/form-data; boundary=b")
                .containsEntry("authorization", "Bearer sk-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "text/plain; json",
                "application/json\r\nx: y",
                "application/json; x=ä"
            })
    void a_body_in_which_the_model_is_not_found_reaches_no_backend(String type) {
        var peer = scene.attach(ScriptedBackend.answering(200, "text/plain", "ok"));

        AgentHarness.ask(
                peer,
                AgentHarness.infer("t1", "qwen", 0).setContentType(type),
                "{\"model\":\"another of the backend's\"}");

        InferEnd end = AgentHarness.answer(peer, "t1").end();
        assertThat(Problems.reason(end.getError())).isEqualTo("MALFORMED");
        assertThat(end.getError().getMessage()).startsWith("content_type: ").hasSizeLessThan(400);
        assertThat(scene.backend.requests).noneMatch(request -> request.line().startsWith("POST"));
    }

    @Test
    void a_content_type_has_a_bound() {
        assertThat(BodyType.wrong("application/json; x=" + "y".repeat(236), false))
                .isNull();
        assertThat(BodyType.wrong("application/json; x=" + "y".repeat(237), false))
                .isEqualTo("at most 256 characters of printable ASCII");
        assertThat(BodyType.wrong("x".repeat(257), true)).isNotNull();
        assertThat(BodyType.wrong("text/plain", true)).isNull();
    }

    @Test
    void a_request_that_cannot_be_written_ends_its_task() {
        var peer = scene.attach(ScriptedBackend.answering(200, "text/plain", "ok"));

        AgentHarness.ask(
                peer,
                AgentHarness.infer("t1", "qwen", 0).putHeaders("x-request-id", "a\r\nx: y"),
                "{\"model\":\"qwen\"}");

        assertThat(InferScene.reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
    }
}
