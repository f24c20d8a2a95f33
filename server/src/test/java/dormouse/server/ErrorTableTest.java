package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dormouse.contract.Problems;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.v1.AgentMessage;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.Deadlines;
import dormouse.v1.Infer;
import dormouse.v1.InferRequest;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.WakeResult;
import io.grpc.Status.Code;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every reason with which a client can be refused or failed, provoked, and what it is told by each of the two doors. */
class ErrorTableTest {
    /** Of an error that comes after the first byte: by HTTP it is the last event of the stream. */
    private static final int EVENT = 200;

    private static final String LLM = "qwen";

    private enum Retry {
        YES,
        NO,
        MAYBE
    }

    /** What leads to the error, for a gRPC client and an HTTP client alike. */
    private interface Scene {
        void play(Stage stage);
    }

    private record Row(Reason reason, Code grpc, int http, Retry retry, Scene scene, List<String> sets) {
        static Row of(Reason reason, Code grpc, int http, Retry retry, Scene scene, String... sets) {
            return new Row(reason, grpc, http, retry, scene, List.of(sets));
        }

        String code() {
            return reason == Reason.LLM_NOT_FOUND
                    ? "model_not_found"
                    : reason.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return reason + (http == EVENT ? " after the first byte" : "");
        }
    }

    /**
     * These are said to others than those who infer: to agents, to who watches. {@code BACKEND_ERROR} has a test of its own
     * below, and {@code CLIENT_TOO_SLOW} one for each door, with a client that is: FairnessTest, DoorSlowReaderTest.
     */
    private static final Set<Reason> ELSEWHERE = EnumSet.of(
            Reason.CLIENT_TOO_SLOW,
            Reason.REVISION_COMPACTED,
            Reason.WATCHER_TOO_SLOW,
            Reason.BACKEND_ERROR,
            Reason.CLIENT_GONE,
            Reason.WINDOW_OVERRUN,
            Reason.NOT_AWAKE,
            Reason.SESSION_FENCED,
            Reason.SESSION_FORBIDDEN,
            Reason.SESSION_IN_USE,
            Reason.DISCONNECTED,
            Reason.NAME_IS_PUBLIC,
            Reason.NAME_IN_USE,
            Reason.NAME_FORBIDDEN,
            Reason.NAME_MALFORMED);

    static Stream<Row> rows() {
        return Stream.of(
                Row.of(Reason.MALFORMED, Code.INVALID_ARGUMENT, 400, Retry.NO, stage -> stage.ask("no such name")),
                atTheSeam(Reason.UNAUTHENTICATED, Code.UNAUTHENTICATED, 401, Retry.NO),
                atTheSeam(Reason.FORBIDDEN, Code.PERMISSION_DENIED, 403, Retry.NO),
                Row.of(Reason.LLM_NOT_FOUND, Code.NOT_FOUND, 404, Retry.NO, stage -> stage.ask(LLM)),
                Row.of(
                        Reason.TOO_LARGE,
                        Code.RESOURCE_EXHAUSTED,
                        413,
                        Retry.NO,
                        stage -> stage.ask(LLM, 2000),
                        "limits.requestBytes=1KiB"),
                Row.of(
                        Reason.QUEUE_FULL,
                        Code.RESOURCE_EXHAUSTED,
                        429,
                        Retry.YES,
                        ErrorTableTest::busy,
                        "limits.queuePerLlm=0"),
                atTheSeam(Reason.RATE_LIMITED, Code.RESOURCE_EXHAUSTED, 429, Retry.YES),
                Row.of(Reason.LLM_INACTIVE, Code.UNAVAILABLE, 503, Retry.YES, stage -> {
                    stage.agent.register(ScriptedAgent.awake(LLM));
                    stage.agent.goodbye();
                    stage.ask(LLM);
                }),
                Row.of(Reason.WAKE_FAILED, Code.UNAVAILABLE, 503, Retry.YES, stage -> stage.wakeFails("WAKE_FAILED")),
                Row.of(Reason.WAKE_REFUSED, Code.UNAVAILABLE, 503, Retry.YES, stage -> stage.wakeFails("WAKE_REFUSED")),
                Row.of(Reason.WAKE_TOO_SLOW, Code.UNAVAILABLE, 503, Retry.YES, stage -> {
                    stage.agent.register(ScriptedAgent.asleep(LLM));
                    stage.harness().infer(LLM);
                    stage.harness().advance(java.time.Duration.ofSeconds(40));
                    stage.agent.awake(stage.agent.wakes().get(0));
                    stage.agent.heartbeat(LLM, LlmStatus.LLM_STATUS_HIBERNATING);
                    stage.ask(LLM, 0, "wake", 1);
                }),
                Row.of(Reason.REPLICA_DRAINING, Code.UNAVAILABLE, 503, Retry.YES, stage -> {
                    stage.harness().relay().drain();
                    stage.ask(LLM);
                }),
                Row.of(Reason.STORE_UNAVAILABLE, Code.UNAVAILABLE, 503, Retry.YES, stage -> {
                    stage.agent.register(ScriptedAgent.asleep(LLM));
                    stage.harness().stores().away();
                    stage.ask(LLM);
                    stage.awaitOver();
                    stage.harness().stores().back();
                }),
                Row.of(
                        Reason.OVERLOADED,
                        Code.UNAVAILABLE,
                        503,
                        Retry.YES,
                        stage -> {
                            stage.agent.register(ScriptedAgent.awake(LLM));
                            stage.harness().infer(LLM, " ".repeat(900));
                            stage.ask(LLM, 900);
                        },
                        "limits.requestBytes=1KiB",
                        "limits.bufferedBytes=1KiB"),
                atTheSeam(Reason.SLEEP_REFUSED, Code.FAILED_PRECONDITION, 409, Retry.NO),
                atTheSeam(Reason.NAME_EXISTS, Code.ALREADY_EXISTS, 409, Retry.NO),
                Row.of(Reason.INTERNAL, Code.INTERNAL, 500, Retry.MAYBE, stage -> {
                    stage.run();
                    stage.tasks().forEach(task -> stage.agent.chunk(task, 0, "no head before it"));
                }),
                Row.of(
                        Reason.AGENT_LOST,
                        Code.UNAVAILABLE,
                        502,
                        Retry.YES,
                        stage -> {
                            stage.run();
                            stage.agent.cut();
                        },
                        "lifecycle.resumeGrace=0s"),
                Row.of(
                        Reason.AGENT_LOST,
                        Code.UNAVAILABLE,
                        EVENT,
                        Retry.NO,
                        stage -> {
                            stage.run();
                            stage.begin();
                            stage.agent.cut();
                        },
                        "lifecycle.resumeGrace=0s"),
                Row.of(Reason.BACKEND_FAILED, Code.UNAVAILABLE, 502, Retry.YES, stage -> {
                    stage.run();
                    stage.backendFails(0);
                }),
                Row.of(Reason.BACKEND_FAILED, Code.UNAVAILABLE, EVENT, Retry.NO, stage -> {
                    stage.run();
                    stage.begin();
                    stage.backendFails(Stage.FIRST.length());
                }),
                Row.of(
                        Reason.QUEUE_TIMEOUT,
                        Code.DEADLINE_EXCEEDED,
                        504,
                        Retry.MAYBE,
                        stage -> {
                            busy(stage);
                            stage.awaitTasks(3);
                            await().until(() -> {
                                stage.harness().advance(java.time.Duration.ofSeconds(1));
                                return stage.harness().relay().tasks() == 1; // both that waited are over
                            });
                        },
                        "deadlines.queue=1s"),
                Row.of(Reason.WAKE_TIMEOUT, Code.DEADLINE_EXCEEDED, 504, Retry.MAYBE, stage -> {
                    stage.agent.register(ScriptedAgent.asleep(LLM));
                    stage.ask(LLM, 0, "wake", 1);
                    stage.awaitWaking();
                    stage.harness().advance(java.time.Duration.ofSeconds(1));
                }),
                Row.of(
                        Reason.FIRST_BYTE_TIMEOUT,
                        Code.DEADLINE_EXCEEDED,
                        504,
                        Retry.MAYBE,
                        stage -> {
                            stage.run();
                            stage.harness().advance(java.time.Duration.ofSeconds(1));
                        },
                        "deadlines.firstByte=1s"),
                Row.of(
                        Reason.IDLE_TIMEOUT,
                        Code.DEADLINE_EXCEEDED,
                        EVENT,
                        Retry.NO,
                        stage -> {
                            stage.run();
                            stage.begin();
                            stage.harness().advance(java.time.Duration.ofSeconds(1));
                        },
                        "deadlines.idle=1s"),
                Row.of(
                        Reason.DEADLINE,
                        Code.DEADLINE_EXCEEDED,
                        504,
                        Retry.MAYBE,
                        stage -> {
                            stage.run();
                            stage.harness().advance(java.time.Duration.ofSeconds(1));
                        },
                        "deadlines.total=1s"));
    }

    /** What nothing in this version says: told to both clients where the relay would. */
    private static Row atTheSeam(Reason reason, Code grpc, int http, Retry retry) {
        return Row.of(reason, grpc, http, retry, stage -> {
            stage.agent.register(ScriptedAgent.asleep(LLM));
            stage.ask(LLM);
            stage.awaitWaking();
            stage.harness()
                    .server()
                    .wakeGate()
                    .wakeFailed(
                            new LlmName(LLM),
                            retry == Retry.YES
                                    ? Failure.retry(reason, "told by the test", java.time.Duration.ofMillis(1500))
                                    : Failure.of(reason, "told by the test"));
        });
    }

    private static void busy(Stage stage) {
        stage.agent.register(
                ScriptedAgent.offer(LlmSpec.newBuilder().setName(LLM).setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
        stage.harness().infer(LLM);
        stage.ask(LLM);
    }

    /** The two clients, and the agent. */
    private static final class Stage {
        static final String FIRST = "data: 1\n\n";

        final DoorHarness door;
        final ScriptedAgent agent;

        @Nullable
        InferProbe grpc;

        @Nullable
        WireClient http;

        Stage(DoorHarness door) {
            this.door = door;
            this.agent = door.agent();
        }

        Harness harness() {
            return door.harness();
        }

        void ask(String llm) {
            ask(llm, 0);
        }

        void ask(String llm, int padding) {
            ask(llm, padding, "total", 1000);
        }

        void ask(String llm, int padding, String phase, int seconds) {
            String body = "{\"model\":\"" + llm + "\",\"stream\":true}" + " ".repeat(padding);
            Duration deadline = Duration.newBuilder().setSeconds(seconds).build();
            Deadlines.Builder deadlines = Deadlines.newBuilder();
            grpc = harness()
                    .infer(InferRequest.newBuilder()
                            .setLlm(llm)
                            .setInput(ByteString.copyFromUtf8(body))
                            .setDeadlines(
                                    phase.equals("wake") ? deadlines.setWake(deadline) : deadlines.setTotal(deadline))
                            .build());
            http = door.client()
                    .post("/v1/chat/completions", body, "x-dormouse-deadline-" + phase + ": " + seconds + "s");
        }

        /** Both are at the agent. */
        void run() {
            agent.register(ScriptedAgent.awake(LLM));
            ask(LLM);
            door.asked(2);
        }

        List<Infer> tasks() {
            return agent.infers();
        }

        /** Both have the first byte. */
        void begin() {
            for (Infer task : tasks()) {
                agent.head(task, 200, "text/event-stream");
                agent.chunk(task, 0, FIRST);
            }
            WireClient reader = client();
            assertThat(reader.head().status()).isEqualTo(200);
            assertThat(reader.chunk()).isEqualTo(FIRST);
        }

        void backendFails(long sent) {
            tasks().forEach(task ->
                    agent.end(task, sent, Problems.status(Code.UNAVAILABLE, "BACKEND_FAILED", "connection refused")));
        }

        void wakeFails(String reason) {
            agent.register(ScriptedAgent.asleep(LLM));
            ask(LLM);
            awaitWaking();
            agent.send(AgentMessage.newBuilder()
                    .setWakeResult(WakeResult.newBuilder()
                            .setTaskId(agent.wakes().get(0).getTaskId())
                            .setError(Problems.status(Code.UNAVAILABLE, reason, "not now"))));
        }

        void awaitTasks(int count) {
            await().until(() -> harness().relay().tasks() == count);
        }

        /** Both wait for the wake. */
        void awaitWaking() {
            await().until(() -> harness().server().wakeGate().waiting(new LlmName(LLM)) == 2);
        }

        void awaitOver() {
            await().until(() -> harness().relay().tasks() == 0);
        }

        WireClient client() {
            if (http == null) {
                throw new IllegalStateException("nobody has asked");
            }
            return http;
        }

        InferProbe probe() {
            if (grpc == null) {
                throw new IllegalStateException("nobody has asked");
            }
            return grpc;
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void both_doors_say_what_the_table_says(Row row) {
        try (DoorHarness door = DoorHarness.start(row.sets().toArray(String[]::new))) {
            Stage stage = new Stage(door);
            row.scene().play(stage);

            InferProbe probe = stage.probe();
            await().until(probe::over);
            assertThat(probe.reason()).isEqualTo(row.reason().name());
            assertThat(probe.code()).isEqualTo(row.grpc());

            WireClient client = stage.client();
            if (row.http() == EVENT) {
                assertThat(client.chunk())
                        .startsWith("data: {\"error\":{\"message\":")
                        .contains("\"code\":\"" + row.code() + "\"");
                assertThat(client.chunk()).isEmpty();
                assertThat(probe.retryAfter()).isNull();
                return;
            }
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(row.http());
            assertThat(answer.text()).contains("\"code\":\"" + row.code() + "\"", "\"param\":");
            String retryAfter = answer.head().header("retry-after");
            switch (row.retry()) {
                case YES -> {
                    assertThat(probe.retryAfter()).isNotNull();
                    assertThat(Integer.parseInt(retryAfter)).isPositive();
                }
                case NO -> {
                    assertThat(probe.retryAfter()).isNull();
                    assertThat(retryAfter).isEmpty();
                }
                case MAYBE -> assertThat(retryAfter.isEmpty()).isEqualTo(probe.retryAfter() == null);
            }
        }
    }

    @Test
    void no_reason_is_without_a_row() {
        Set<Reason> told = rows().map(Row::reason).collect(Collectors.toSet());
        assertThat(told).doesNotContainAnyElementsOf(ELSEWHERE);
        told.addAll(ELSEWHERE);
        assertThat(told).containsExactlyInAnyOrder(Reason.values());
    }

    @Test
    void a_backends_own_error_is_its_own() {
        try (DoorHarness door = DoorHarness.start()) {
            ScriptedAgent agent = door.agent();
            agent.register(ScriptedAgent.awake(LLM));
            agent.onInfer(task -> {
                agent.head(task, 418, "text/plain");
                agent.chunk(task, 0, "short and stout");
                agent.end(task, 15);
            });
            InferProbe infer = door.harness().infer(LLM);
            assertThat(infer.head()).isNotNull();
            assertThat(infer.head().getStatus()).isEqualTo(418);
            assertThat(infer.text()).isEqualTo("short and stout");

            ChatProbe chat = door.harness()
                    .chat(ChatRequest.newBuilder()
                            .setLlm(LLM)
                            .addMessages(
                                    ChatMessage.newBuilder().setRole("user").setContent("hi")));
            assertThat(chat.reason()).isEqualTo("BACKEND_ERROR");
            assertThat(chat.metadata()).containsEntry("http_status", "418");

            WireClient.Answer answer = door.client()
                    .post("/v1/chat/completions", "{\"model\":\"" + LLM + "\"}")
                    .answer();
            assertThat(answer.status()).isEqualTo(418);
            assertThat(answer.text()).isEqualTo("short and stout");
        }
    }
}
