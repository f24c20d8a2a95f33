package dormouse.cli;

import static dormouse.cli.FakeServer.fails;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusalTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_refusal_is_one_line_with_its_reason_and_what_to_do() {
        server.get =
                fails(Problems.exception(Problems.status(Code.NOT_FOUND, "LLM_NOT_FOUND", "there is no Llm \"qwen\"")));

        assertThat(cli.run("get", "qwen")).isEqualTo(1);

        assertThat(cli.err())
                .isEqualTo("dormouse: there is no Llm \"qwen\" (LLM_NOT_FOUND). "
                        + "`dormouse list` shows the names that there are.\n");
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void the_server_s_hint_when_to_try_again_is_told_in_whole_seconds() {
        server.wake = fails(Problems.exception(Problems.status(
                Code.UNAVAILABLE,
                "WAKE_FAILED",
                "the wake of qwen3 failed: exit code 1.",
                Duration.ofMillis(7_200),
                Map.of())));

        assertThat(cli.run("wake", "qwen3")).isEqualTo(1);

        assertThat(cli.err())
                .isEqualTo("dormouse: the wake of qwen3 failed: exit code 1 (WAKE_FAILED). Try again in 8 s.\n");
    }

    @Test
    void an_unavailable_llm_is_no_unreachable_server() {
        server.chat = fails(Problems.exception(Problems.status(Code.UNAVAILABLE, "LLM_INACTIVE", "qwen3 is INACTIVE")));

        assertThat(cli.run("run", "qwen3", "hello")).isEqualTo(1);
        assertThat(cli.err()).contains("(LLM_INACTIVE)").hasLineCount(1);
    }

    @Test
    void the_backend_s_own_status_is_told() {
        server.chat = fails(Problems.exception(Problems.status(
                Code.UNAVAILABLE, "BACKEND_ERROR", "context too long", null, Map.of("http_status", "400"))));

        cli.run("run", "qwen3", "hello");

        assertThat(cli.err()).isEqualTo("dormouse: context too long (BACKEND_ERROR 400).\n");
    }

    @Test
    void a_call_that_the_server_does_not_know_is_a_refusal() {
        assertThat(cli.run("sleep", "qwen3")).isEqualTo(1);
        assertThat(cli.err()).contains("does not do this").hasLineCount(1);
    }

    @Test
    void a_refusal_without_a_reason_still_says_what_it_can() {
        server.get = fails(Status.INTERNAL.withDescription("oh\u001b[2J no").asRuntimeException());

        assertThat(cli.run("get", "qwen3")).isEqualTo(1);
        assertThat(cli.err())
                .isEqualTo("dormouse: the server at " + server.address() + " refused: oh\\u001b[2J no (INTERNAL).\n");
    }

    @Test
    void a_server_that_is_not_there_is_unreachable() throws IOException {
        cli.env.put("DORMOUSE_SERVER", "localhost:" + freePort());

        assertThat(cli.run("list")).isEqualTo(3);
        assertThat(cli.err())
                .startsWith("dormouse: the server at localhost:")
                .contains("(DORMOUSE_SERVER) cannot be reached", "Connection refused", "dormouse server")
                .hasLineCount(1);
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void a_name_that_dns_does_not_know_is_unreachable() {
        cli.env.put("DORMOUSE_SERVER", "nowhere.invalid:7700");

        assertThat(cli.run("list", "--insecure")).isEqualTo(3);
        assertThat(cli.err()).contains("nowhere.invalid:7700").hasLineCount(1);
    }

    @Test
    void a_server_without_tls_is_unreachable_with_tls() {
        assertThat(cli.run("list", "--tls")).isEqualTo(3);
        assertThat(cli.err()).contains("does it speak TLS").hasLineCount(1);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
