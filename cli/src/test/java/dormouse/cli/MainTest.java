package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dormouse.v1.ChatEvent;
import dormouse.v1.ListLlmsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The program as a process of its own: what only a process can show. */
class MainTest {
    private FakeServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Process begin(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dormouse.cli.Main",
                "--server=" + server.address()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    private static String read(java.io.InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void output_is_utf_8_whatever_the_locale() throws Exception {
        server.list = answers(ListLlmsResponse.newBuilder()
                .addLlms(Samples.bare().toBuilder().setAgentName("Café 🐭"))
                .build());

        Process process = begin("list");

        assertThat(read(process.getInputStream())).contains("Café 🐭");
        assertThat(read(process.getErrorStream())).doesNotContain("dormouse:");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void an_interrupt_cancels_the_call_and_ends_with_130() throws Exception {
        assumeTrue(interruptible(), "skipped: interrupts are ignored here, as in a job in the background");
        server.chat = (request, observer) ->
                observer.onNext(ChatEvent.newBuilder().setText("One").build());
        Process process = begin("run", "qwen3", "hello");
        assertThat(process.getInputStream().readNBytes(3)).asString().isEqualTo("One");

        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();

        assertThat(server.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.waitFor()).isEqualTo(130);
        assertThat(read(process.getErrorStream())).doesNotContain("dormouse:");
    }

    @Test
    void a_reader_that_goes_away_ends_a_stream() throws Exception {
        server.chat = (request, observer) -> {
            var stream = (ServerCallStreamObserver<ChatEvent>) observer;
            while (!stream.isCancelled()) {
                if (stream.isReady()) {
                    stream.onNext(ChatEvent.newBuilder().setText("word ").build());
                } else {
                    Thread.yield();
                }
            }
        };
        Process process = begin("run", "qwen3", "hello");
        assertThat(process.getInputStream().readNBytes(4)).asString().isEqualTo("word");

        process.getInputStream().close();

        assertThat(server.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.waitFor()).isZero();
        assertThat(read(process.getErrorStream())).doesNotContain("dormouse:");
    }

    /** A process that was started with SIGINT ignored passes that on to its children. */
    private static boolean interruptible() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return true;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .noneMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }
}
