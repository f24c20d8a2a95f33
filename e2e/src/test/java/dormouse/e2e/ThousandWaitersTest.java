package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thousand at once want an Llm that sleeps. */
class ThousandWaitersTest {
    @TempDir
    Path directory;

    private static List<Call> thousand(ServerProcess server, String llm) {
        return IntStream.range(0, 1000)
                .mapToObj(i -> Call.start(server.inference(), llm, "{\"n\":" + i + "}"))
                .toList();
    }

    @Test
    void oneWakeAThousandAnswers() {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.asleep(exchange -> exchange.whole(200, exchange.text()));
                AgentProcess agent =
                        AgentProcess.start(directory, "ana", server.address(), backend.wakeableLlm("sleepy", 16))) {
            backend.wakeAnswers(202); // its recipe succeeds at once, but it boots when all are there
            server.awaitStatus("sleepy", "HIBERNATING");

            List<Call> calls = thousand(server, "sleepy");
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> calls.stream().allMatch(call -> call.phases().contains("KIND_WAKING")));
            backend.open();
            assertThat(calls).allSatisfy(call -> assertThat(call.end()).isEqualTo("OK"));

            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i).text()).contains("\"n\":" + i + "}");
            }
            assertThat(backend.wakes()).isEqualTo(1);
            assertThat(backend.exchanges()).hasSize(1000);
            assertThat(server.status("sleepy")).isEqualTo("ACTIVE");
            assertThat(agent.program().alive()).isTrue();
        }
    }

    @Tag("slow")
    @Test
    void aRecipeThatFailsIsToldToAllAndTriedAgainAfterTheCoolDown() {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.asleep(exchange -> exchange.whole(200, exchange.text()));
                AgentProcess agent =
                        AgentProcess.start(directory, "ana", server.address(), backend.wakeableLlm("sleepy", 16))) {
            backend.wakeAnswers(500);
            server.awaitStatus("sleepy", "HIBERNATING");

            List<Call> calls = thousand(server, "sleepy");
            assertThat(calls).allSatisfy(call -> assertThat(call.end()).isEqualTo("WAKE_FAILED"));
            assertThat(server.status("sleepy")).isEqualTo("HIBERNATING");
            assertThat(server
                            .llms()
                            .listLlmEvents(dormouse.v1.ListLlmEventsRequest.newBuilder()
                                    .setName("sleepy")
                                    .build())
                            .getEventsList()
                            .stream()
                            .filter(event -> event.getType() == dormouse.v1.LlmEvent.Type.TYPE_WAKE_FAILED)
                            .count())
                    .as("wakes tried; a few late callers may have met the time after the cool-down")
                    .isBetween(1L, 3L);

            backend.wakeAnswers(200);
            await().atMost(ServerProcess.PATIENCE)
                    .until(() ->
                            Call.start(server.inference(), "sleepy", "{}").end().equals("OK"));
            assertThat(server.status("sleepy")).isEqualTo("ACTIVE");
            assertThat(agent.program().alive()).isTrue();
        }
    }
}
