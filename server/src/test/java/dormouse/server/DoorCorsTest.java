package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
            assertThat(preflight(door, PAGE).status()).isEqualTo(403);
            assertThat(get(door, "origin: " + PAGE + "\r\n").head().headers())
                    .doesNotContainKeys("access-control-allow-origin", "vary");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://evil.example.org, x, 403",
        "null, x, 403",
        "http://127.0.0.1:1234, 127.0.0.1:7701, 403",
        "http://127.0.0.1:7701, 127.0.0.1:7701, 404",
        "http://[::1]:7701, [::1]:7701, 404",
        "https://box, box, 404",
        ", 192.168.1.7:7701, 404",
        ", api.localhost, 404",
        ", rebound.example.org, 403",
        "http://rebound.example.org:7701, rebound.example.org:7701, 403",
        ", llm.example.org, 404",
        "https://llm.example.org, llm.example.org, 404",
        ", LLM.example.org:443, 404",
    })
    void a_browser_is_no_way_in(String origin, String host, int status) {
        try (DoorHarness door = DoorHarness.start("http.hosts=[llm.example.org]")) {
            String body = "{\"model\":\"nobody\"}";
            WireClient.Answer answer = door.client()
                    .send("POST /v1/completions HTTP/1.1\r\nhost: " + host + "\r\n"
                            + (origin == null ? "" : "origin: " + origin + "\r\n")
                            + "content-type: application/json\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
                    .answer();
            assertThat(answer.status()).as(answer.text()).isEqualTo(status);
            if (status == 403) {
                assertThat(answer.text()).contains("\"code\":\"forbidden\"").containsAnyOf("http.cors", "http.hosts");
            }
        }
    }

    @Test
    void probes_are_answered_by_whatever_name() {
        try (DoorHarness door = DoorHarness.start()) {
            assertThat(door.client()
                            .send("GET /healthz HTTP/1.1\r\nhost: probe.example.org\r\n\r\n")
                            .answer()
                            .status())
                    .isEqualTo(200);
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
