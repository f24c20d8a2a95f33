package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool of two machines: while both serve 200 requests, the agent of one is killed. */
@Tag("slow")
class PoolMemberKilledTest {
    private static final int SLOTS = 8;
    private static final String WORDS =
            "data: {\"choices\":[{\"delta\":{\"content\":\"Zzz.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    @TempDir
    Path directory;

    private static String member(FakeBackend backend, String name) {
        return backend.llm(name, SLOTS) + "  pool: dozers\n";
    }

    @Test
    void noClientHasAnErrorBeforeItsFirstByteAndTheCommandLineKnowsThePool() throws Exception {
        CountDownLatch killed = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        try (ServerProcess server = ServerProcess.start(directory, "limits.queuePerLlm=200");
                FakeBackend doomed = FakeBackend.awake(exchange -> {
                    exchange.head(200, "text/event-stream"); // headers alone are no first byte
                    if (asked.incrementAndGet() % 2 == 0) {
                        exchange.chunk("data: begun\n\n");
                    }
                    exchange.clientLeft(60);
                });
                FakeBackend lasting = FakeBackend.awake(exchange -> {
                    if (killed.await(60, TimeUnit.SECONDS)) {
                        exchange.head(200, "text/event-stream");
                        exchange.chunk(WORDS);
                        exchange.end();
                    }
                });
                AgentProcess ana = AgentProcess.start(directory, "ana", server.address(), member(doomed, "ana-dozer"));
                AgentProcess bob =
                        AgentProcess.start(directory, "bob", server.address(), member(lasting, "bob-dozer"))) {
            server.awaitStatus("ana-dozer", "ACTIVE");
            server.awaitStatus("bob-dozer", "ACTIVE");
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                calls.add(Call.start(server.inference(), "dozers", "{\"messages\":[{\"content\":\"" + i + "\"}]}"));
            }
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> calls.stream().filter(Call::firstByteThere).count() == SLOTS / 2
                            && doomed.exchanges().size() == SLOTS
                            && lasting.exchanges().size() == SLOTS);

            ana.program().kill();
            killed.countDown();

            List<Call> cutOff = new ArrayList<>();
            for (Call call : calls) {
                if (!call.end().equals("OK")) {
                    cutOff.add(call);
                }
            }
            assertThat(cutOff).hasSize(SLOTS / 2).allSatisfy(call -> {
                assertThat(call.end()).isEqualTo("AGENT_LOST");
                assertThat(call.text()).isEqualTo("data: begun\n\n");
            });
            assertThat(calls)
                    .filteredOn(call -> !cutOff.contains(call))
                    .allMatch(call -> call.text().equals(WORDS) && call.status() == 200)
                    .filteredOn(call -> call.phases().stream()
                                    .filter("KIND_DISPATCHED"::equals)
                                    .count()
                            == 2)
                    .as("those who lost their member before the first byte")
                    .hasSize(SLOTS / 2);
            assertThat(lasting.exchanges()).hasSize(200 - SLOTS / 2);
            assertThat(run(server, "run", "dozers", "sleepy?")).isEqualTo("Zzz.\n");
        }
    }

    /** What the command line says to standard output. */
    private String run(ServerProcess server, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments)).directory(directory.toFile());
        builder.environment().put("DORMOUSE_SERVER", server.address());
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return said;
    }
}
