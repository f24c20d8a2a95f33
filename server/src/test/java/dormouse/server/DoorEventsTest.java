package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.server.store.Database;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who watch the fleet by server-sent events: nothing missed, nothing twice, however they come and go. */
class DoorEventsTest {
    private final Harness server = Harness.withDoor();
    private final ScriptedAgent ana = server.agent("ana");
    private final List<EventReader> readers = new ArrayList<>();

    @AfterEach
    void close() {
        readers.forEach(EventReader::close);
        server.close();
    }

    /** As far as the first line, which says how soon to come back. */
    private EventReader watch(String... headers) {
        EventReader reader = EventReader.open(server.server().httpAddress(), headers);
        readers.add(reader);
        assertThat(reader.next(1)).containsExactly("(retry)");
        return reader;
    }

    /** Two changes for each time. */
    private void changeTimes(int times) {
        for (int i = 0; i < times; i++) {
            ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
            ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        }
    }

    @Test
    void thePresentStateComesFirstThenEveryChange() {
        ana.register(awake("b"), asleep("a"));

        EventReader watch = watch();

        assertThat(watch.head().status()).isEqualTo(200);
        assertThat(watch.head().header("content-type")).isEqualTo("text/event-stream");
        assertThat(watch.head().header("cache-control")).isEqualTo("no-store");
        assertThat(watch.next(3)).containsExactly("snapshot a", "snapshot b", "2 snapshot_end");
        server.infer("a");
        assertThat(watch.next(1)).containsExactly("3 wake_started a");
        ana.awake(ana.wakes().get(0));
        ana.cut();
        assertThat(watch.next(3)).containsExactly("4 woke a", "5 deactivated a", "6 deactivated b");
    }

    @Test
    void anEventShowsTheLlmAsItIsAfterItAndWhyAndItsTasks() {
        EventReader watch = watch();
        assertThat(watch.next(1)).containsExactly("0 snapshot_end");
        ana.register(asleep("a"));
        server.infer("a");
        watch.next(2);

        ana.wakeFails(ana.wakes().get(0), "out of memory");
        EventReader.Event failed = watch.next();

        assertThat(failed.toString()).isEqualTo("3 wake_failed a");
        assertThat(failed.data().path("detail").asText()).isEqualTo("out of memory");
        assertThat(failed.data().path("type").asText()).isEqualTo("WAKE_FAILED");
        assertThat(failed.data().path("time").asText())
                .isEqualTo(server.time().now().toString());
        assertThat(failed.data().path("llm").path("status").asText()).isEqualTo("HIBERNATING");
        assertThat(failed.data().path("llm").path("revision").asLong()).isEqualTo(3);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        watch.next();
        server.infer("a");
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(watch.next().data().path("llm").path("activeTasks").asInt()).isEqualTo(1);
    }

    @Test
    void whoComesBackGetsWhatHappenedMeanwhileEvenOverARestart() {
        ana.register(awake("a"));
        watch().close();
        changeTimes(300);
        server.restart();

        EventReader watch = watch("Last-Event-ID: 1");

        assertThat(LongStream.rangeClosed(2, 602)
                        .mapToObj(revision -> watch.next().id()))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(2, 602).mapToObj(Long::toString).toList());
    }

    @Test
    void whoComesBackTooLateStartsOver() {
        ana.register(awake("a"));
        changeTimes(3);
        server.time().jump(Duration.ofHours(2));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        try (Database database = Database.open(server.database(), null, null)) {
            database.llms().compact(server.time().now().minus(Duration.ofHours(1)));
        }

        assertThat(watch("Last-Event-ID: 3").next(3)).containsExactly("reset", "snapshot a", "9 snapshot_end");
        assertThat(watch("Last-Event-ID: 1000").next(3))
                .as("of another history")
                .containsExactly("reset", "snapshot a", "9 snapshot_end");
        assertThat(watch("Last-Event-ID: none of ours").next(3))
                .containsExactly("reset", "snapshot a", "9 snapshot_end");
    }

    @Test
    void whoseHistoryCannotBeReadIsToldSoAndLetGo() {
        ana.register(awake("a"));
        changeTimes(1);
        server.stores().away();

        EventReader watch = watch("Last-Event-ID: 1");
        EventReader.Event last = watch.next();

        assertThat(last.name()).isEqualTo("ended");
        assertThat(last.data().path("code").asText()).isEqualTo("store_unavailable");
        assertThat(watch.next(1)).containsExactly("(the end)");
        assertThat(watch().next(2)).containsExactly("snapshot a", "3 snapshot_end");
    }

    @Test
    void theHistoryIsNotReadOnAnEventLoop() {
        ana.register(awake("a"));
        changeTimes(1);
        server.blocking().hold();
        EventReader waits = watch("Last-Event-ID: 1");
        await().until(() -> server.blocking().waiting() == 1);

        for (int i = 0; i < 4; i++) { // both loops
            assertThat(watch().next(2)).containsExactly("snapshot a", "3 snapshot_end");
        }
        server.blocking().letGo();

        assertThat(waits.next(2)).containsExactly("2 backend_down a", "3 backend_up a");
    }

    @Test
    void taskCountsAreToldOnceASecondAtMost() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(2));
        EventReader watch = watch();
        watch.next(2);
        for (int i = 0; i < 6; i++) {
            server.infer("a");
        }

        server.advance(Duration.ofSeconds(1));
        EventReader.Event load = watch.next();

        assertThat(load.toString()).isEqualTo("1 load a");
        assertThat(load.data().path("llm").path("activeTasks").asInt()).isEqualTo(4);
        assertThat(load.data().path("llm").path("queuedTasks").asInt()).isEqualTo(2);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(watch.next(1)).as("nothing in between").containsExactly("2 backend_down a");
    }

    @Test
    void inQuietTimesACommentComesEveryFifteenSecondsAndABookmarkEveryThirty() {
        EventReader watch = watch();
        watch.next(1);

        server.advance(Duration.ofSeconds(15));
        assertThat(watch.next(1)).containsExactly("(comment)");
        server.advance(Duration.ofSeconds(15));
        assertThat(watch.next(2)).containsExactlyInAnyOrder("(comment)", "0 bookmark");
    }

    @Test
    void whoDoesNotReadIsToldAndLetGo() {
        ana.register(awake("a"));
        EventReader slow = EventReader.open(WireClient.connect(server.server().httpAddress(), 4096));
        readers.add(slow);
        await().until(() -> server.server().watches().size() == 1);
        EventReader quick = watch();
        quick.next(2);

        int changes = 0;
        while (server.server().watches().size() == 2 && changes < 100_000) {
            changeTimes(50);
            changes += 100;
            quick.next(100);
            server.advance(Duration.ofMillis(100)); // for those who were let go to be forgotten
        }

        assertThat(server.server().watches().size()).isEqualTo(1);
        EventReader.Event last = slow.next();
        while (!last.name().startsWith("(the end")) {
            if (last.name().equals("ended")) {
                assertThat(last.data().path("code").asText()).isEqualTo("watcher_too_slow");
                assertThat(slow.next(1)).containsExactly("(the end)");
                return;
            }
            last = slow.next();
        }
        throw new AssertionError("it was not told why");
    }

    @Test
    void whoLeavesIsForgotten() {
        EventReader watch = watch();
        watch.next(1);
        assertThat(server.server().watches().size()).isEqualTo(1);

        watch.client().cut();

        await().until(() -> server.server().watches().size() == 0);
    }

    @Test
    void whoTakesNothingForAMinuteIsGoneWhateverItsMachineSays() {
        LlmSpec.Builder big = LlmSpec.newBuilder();
        for (int i = 0; i < 60; i++) {
            big.putLabels("label" + i, "x".repeat(255));
        }
        ana.register(IntStream.range(0, 800) // 13 MB in all: more than the sockets of both sides take
                .mapToObj(i -> offer(big.clone().setName("n" + i), LlmStatus.LLM_STATUS_ACTIVE))
                .toArray(LlmOffer[]::new));
        readers.add(EventReader.open(WireClient.connect(server.server().httpAddress(), 4096)));
        await().until(() -> server.server().watches().size() == 1);

        await().until(() -> {
            server.advance(Duration.ofSeconds(15));
            return server.server().watches().size() == 0;
        });
    }

    @Test
    void noMoreWatchThanMay() {
        for (int i = 0; i < 1000; i++) {
            watch();
        }
        try (WireClient late = WireClient.connect(server.server().httpAddress())) {
            WireClient.Answer answer =
                    late.send("GET /api/events HTTP/1.1\r\nhost: x\r\n\r\n").answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.text()).contains("overloaded");
        }
        readers.get(0).client().cut();
        await().until(() -> server.server().watches().size() == 999);

        assertThat(watch().next(1)).containsExactly("0 snapshot_end");
    }
}
