package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Deadlines;
import dormouse.v1.InferRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 15: backends as they are, end to end. */
class BackendsTest {
    @TempDir
    static Path directory;

    private static ServerProcess server;
    private static FakeBackend backend;
    private static FakeBackend gone;
    private static AgentProcess agent;

    @BeforeAll
    static void start() {
        server = ServerProcess.start(directory);
        backend = FakeBackend.awake(BackendsTest::behave);
        gone = FakeBackend.asleep(exchange -> exchange.whole(200, "{}"));
        agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("odd", 4) + gone.llm("gone", 4));
        server.awaitStatus("odd", "ACTIVE");
    }

    @AfterAll
    static void stop() {
        agent.close();
        backend.close();
        gone.close();
        server.close();
    }

    private static void behave(FakeBackend.Exchange exchange) throws IOException, InterruptedException {
        String wanted = exchange.path.substring(exchange.path.lastIndexOf('/') + 1);
        switch (wanted) {
            case "500" -> exchange.whole(500, "{\"error\":{\"message\":\"out of memory\"}}");
            case "stall" -> exchange.clientLeft(60);
            case "stall-later" -> {
                exchange.head(200, "text/event-stream");
                exchange.chunk("data: 1\n\n");
                exchange.clientLeft(60);
            }
            case "drip" -> {
                exchange.head(200, "text/plain");
                for (char c : "one byte at a time".toCharArray()) {
                    exchange.chunk(String.valueOf(c));
                }
                exchange.end();
            }
            case "cut" -> {
                exchange.head(200, "text/event-stream");
                exchange.chunk("data: 1\n\n");
            }
            case "garbage" -> exchange.raw("this is not HTTP\r\n\r\n");
            case "untyped" -> {
                exchange.head(200, "");
                exchange.chunk("plain");
                exchange.end();
            }
            case "large" -> {
                exchange.head(200, "application/octet-stream");
                byte[] megabyte = megabyte();
                for (int i = 0; i < 50; i++) {
                    exchange.chunk(megabyte, 0, megabyte.length);
                }
                exchange.end();
            }
            default -> exchange.whole(404, "{}");
        }
    }

    private static byte[] megabyte() {
        byte[] data = new byte[1 << 20];
        new Random(5).nextBytes(data);
        return data;
    }

    private static InferRequest.Builder to(String path) {
        return InferRequest.newBuilder().setLlm("odd").setPath(path);
    }

    private static Call call(InferRequest.Builder request) {
        return Call.start(server.inference(), request.build(), Integer.MAX_VALUE);
    }

    @Test
    void anErrorOfItsOwnComesBackAsItIs() {
        Call call = call(to("500"));
        assertThat(call.end()).isEqualTo("OK");
        assertThat(call.status()).isEqualTo(500);
        assertThat(call.text()).isEqualTo("{\"error\":{\"message\":\"out of memory\"}}");
    }

    @Test
    void oneThatRefusesOrIsNotHttpHasFailed() {
        assertThat(call(InferRequest.newBuilder().setLlm("gone")).end()).isIn("BACKEND_FAILED", "LLM_INACTIVE");
        assertThat(call(to("garbage")).end()).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void oneThatStallsMeetsItsDeadlines() {
        com.google.protobuf.Duration soon =
                com.google.protobuf.Duration.newBuilder().setNanos(400_000_000).build();
        assertThat(call(to("stall").setDeadlines(Deadlines.newBuilder().setFirstByte(soon)))
                        .end())
                .isEqualTo("FIRST_BYTE_TIMEOUT");
        Call later = call(to("stall-later").setDeadlines(Deadlines.newBuilder().setIdle(soon)));
        assertThat(later.end()).isEqualTo("IDLE_TIMEOUT");
        assertThat(later.text()).isEqualTo("data: 1\n\n");
    }

    @Test
    void oneThatDripsIsWhole() {
        Call call = call(to("drip"));
        assertThat(call.end()).isEqualTo("OK");
        assertThat(call.text()).isEqualTo("one byte at a time");
    }

    @Test
    void oneThatClosesInTheMiddleIsNotTakenForWhole() {
        Call call = call(to("cut"));
        assertThat(call.end()).isEqualTo("BACKEND_FAILED");
        assertThat(call.text()).isEqualTo("data: 1\n\n");
    }

    @Test
    void anAnswerWithoutAContentTypeHasNone() {
        Call call = call(to("untyped"));
        assertThat(call.end()).isEqualTo("OK");
        assertThat(call.contentType()).isEmpty();
        assertThat(call.text()).isEqualTo("plain");
    }

    @Test
    void fiftyMegabytesArriveThoughNobodyHasRoomForThem() {
        Call call = call(to("large"));
        assertThat(call.end()).isEqualTo("OK");
        byte[] all = call.bytes();
        byte[] megabyte = megabyte();
        assertThat(all).hasSize(50 << 20);
        for (int i = 0; i < 50; i++) {
            assertThat(Arrays.equals(all, i << 20, (i + 1) << 20, megabyte, 0, megabyte.length))
                    .isTrue();
        }
    }
}
