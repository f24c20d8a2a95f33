package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which pages may call from a browser. */
class DoorCorsTest {
    private static final String PAGE = "https://chat.example.org";

    private static WireClient.Answer get(DoorHarness door, String... headers) {
        return door.client()
                .send("GET /v1/models HTTP/1.1\r\nhost: x\r\n" + String.join("", headers) + "\r\n")
                .answer();
    }

    private static WireClient.Head preflight(DoorHarness door, String origin) {
        return door.client()
                .send("OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: x\r\norigin: " + origin
                        + "\r\naccess-control-request-method: POST\r\n"
                        + "access-control-request-headers: authorization,content-type,x-stainless-os\r\n\r\n")
                .head();
    }

    @Test
    void none_unless_the_operator_says_so() {
        try (DoorHarness door = DoorHarness.start()) {
            assertThat(preflight(door, PAGE).status()).isEqualTo(405);
            assertThat(get(door, "origin: " + PAGE + "\r\n").head().headers())
                    .doesNotContainKeys("access-control-allow-origin", "vary");
        }
    }

    @Test
    void those_that_are_listed() {
        try (DoorHarness door = DoorHarness.start("http.cors=[https://other.example.org, " + PAGE + "]")) {
            WireClient.Head allowed = preflight(door, PAGE);
            assertThat(allowed.status()).isEqualTo(204);
            assertThat(allowed.header("access-control-allow-origin")).isEqualTo(PAGE);
            assertThat(allowed.header("access-control-allow-methods")).isEqualTo("GET, HEAD, POST");
            assertThat(allowed.header("access-control-allow-headers"))
                    .isEqualTo("authorization,content-type,x-stainless-os");
            assertThat(allowed.header("vary")).isEqualTo("origin, access-control-request-headers");

            WireClient.Head answer = get(door, "origin: " + PAGE + "\r\n").head();
            assertThat(answer.header("access-control-allow-origin")).isEqualTo(PAGE);
            assertThat(answer.header("access-control-expose-headers")).contains("x-request-id", "retry-after");
            assertThat(answer.header("vary")).isEqualTo("origin");
        }
    }

    @Test
    void and_no_others() {
        try (DoorHarness door = DoorHarness.start("http.cors=[" + PAGE + "]")) {
            WireClient.Head refused = preflight(door, PAGE + ".evil.example.org");
            assertThat(refused.headers()).doesNotContainKey("access-control-allow-origin");
            assertThat(refused.header("vary")).contains("origin");
            assertThat(get(door).head().header("vary")).isEqualTo("origin");
            assertThat(get(door).head().headers()).doesNotContainKey("access-control-allow-origin");
        }
    }

    @Test
    void any_with_a_star() {
        try (DoorHarness door = DoorHarness.start("http.cors=*")) {
            assertThat(preflight(door, PAGE).header("access-control-allow-origin"))
                    .isEqualTo("*");
            assertThat(get(door, "origin: " + PAGE + "\r\n").head().header("access-control-allow-origin"))
                    .isEqualTo("*");
        }
    }

    @Test
    void a_pages_script_can_read_errors_and_streams_too() {
        try (DoorHarness door = DoorHarness.start("http.cors=*")) {
            WireClient.Answer refused = door.client()
                    .post("/v1/chat/completions", "{\"model\":\"nobody\"}", "origin: " + PAGE)
                    .answer();
            assertThat(refused.status()).isEqualTo(404);
            assertThat(refused.head().header("access-control-allow-origin")).isEqualTo("*");

            door.agent().register(ScriptedAgent.awake("qwen"));
            door.agent().onInfer(task -> door.agent().answer(task, "fine"));
            WireClient.Answer answer = door.client()
                    .post("/v1/chat/completions", "{\"model\":\"qwen\"}", "origin: " + PAGE)
                    .answer();
            assertThat(answer.text()).isEqualTo("fine");
            assertThat(answer.head().header("access-control-allow-origin")).isEqualTo("*");
        }
    }
}
