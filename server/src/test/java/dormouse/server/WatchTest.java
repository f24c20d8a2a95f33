package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.LlmName;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmEvent.Type;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who watch the fleet: nothing missed, nothing twice, however they come and go. Failure list: 27. */
class WatchTest {
    private static final int ALL = Integer.MAX_VALUE;

    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private static List<String> texts(List<LlmEvent> events) {
        return events.stream()
                .map(event -> event.getRevision() + " "
                        + event.getType().name().replace("TYPE_", "")
                        + (event.hasLlm() ? " " + event.getLlm().getSpec().getName() : ""))
                .toList();
    }

    /** Two changes for each time. */
    private void changeTimes(int times) {
        for (int i = 0; i < times; i++) {
            ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
            ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        }
    }

    private long revision() {
        return server.llms().listLlms(ListLlmsRequest.getDefaultInstance()).getRevision();
    }

    @Test
    void aServerThatEndsSaysSoToThoseWhoWatch() {
        Probe<LlmEvent> watch = server.watch(0);
        assertThat(watch.open()).isTrue();

        server.restart();

        assertThat(watch.reason()).isEqualTo("REPLICA_DRAINING");
    }

    @Test
    void thePresentStateComesFirstThenEveryChange() {
        ana.register(awake("b"), asleep("a"));

        Probe<LlmEvent> watch = server.watch(0);

        assertThat(texts(watch.take())).containsExactly("2 SNAPSHOT a", "2 SNAPSHOT b", "2 SNAPSHOT_END");
        server.infer("a");
        ana.awake(ana.wakes().get(0));
        server.agent("bob").register(awake("c"));
        ana.cut();
        assertThat(texts(watch.take()))
                .containsExactly(
                        "3 WAKE_STARTED a", "4 WOKE a", "5 REGISTERED c", "6 DEACTIVATED a", "7 DEACTIVATED b");
        assertThat(watch.open()).isTrue();
    }

    @Test
    void anEventShowsTheLlmAsItIsAfterItAndWhy() {
        Probe<LlmEvent> watch = server.watch(0);
        assertThat(texts(watch.take())).containsExactly("0 SNAPSHOT_END");
        ana.register(asleep("a"));
        server.infer("a");
        ana.wakeFails(ana.wakes().get(0), "out of memory");

        assertThat(watch.heard())
                .extracting(event -> event.getLlm().getStatus())
                .containsExactly(
                        LlmStatus.LLM_STATUS_HIBERNATING,
                        LlmStatus.LLM_STATUS_WAKING,
                        LlmStatus.LLM_STATUS_HIBERNATING);
        LlmEvent last = watch.heard().get(2);
        assertThat(last.getDetail()).isEqualTo("out of memory");
        assertThat(last.getLlm().getRevision()).isEqualTo(3);
        assertThat(last.getTime().getSeconds()).isEqualTo(server.time().now().getEpochSecond());
    }

    @Test
    void revisionsAreConsecutiveAcrossAThousandChanges() {
        ana.register(awake("a"));
        Probe<LlmEvent> watch = server.watch(1);

        changeTimes(500);

        assertThat(watch.heard().stream().mapToLong(LlmEvent::getRevision))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(2, 1001).boxed().toList());
    }

    @Test
    void aWatchOfOneLlmHearsOfNoOther() {
        ana.register(awake("a"), awake("b"));
        Probe<LlmEvent> fromNow = server.watch(0, "b", ALL);
        Probe<LlmEvent> fromThen = server.watch(1, "b", ALL);

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE, "b", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(texts(fromNow.heard())).containsExactly("2 SNAPSHOT b", "2 SNAPSHOT_END", "4 BACKEND_DOWN b");
        assertThat(texts(fromThen.heard())).containsExactly("2 REGISTERED b", "4 BACKEND_DOWN b");
    }

    @Test
    void anLlmCanBeWatchedBeforeThereIsOne() {
        Probe<LlmEvent> watch = server.watch(0, "later", ALL);

        ana.register(awake("now"), awake("later"));

        assertThat(texts(watch.heard())).containsExactly("0 SNAPSHOT_END", "2 REGISTERED later");
    }

    @Test
    void aDeletedLlmIsShownAsItWas() {
        ana.register(awake("a"));
        ana.goodbye();
        Probe<LlmEvent> watch = server.watch(0);
        server.time().jump(Duration.ofHours(5));

        LlmEvent last = watch.heard().get(watch.heard().size() - 1);
        assertThat(texts(List.of(last))).containsExactly("3 DELETED a");
        assertThat(last.getLlm().getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void inQuietTimesABookmarkComesEveryThirtySeconds() {
        ana.register(awake("a"), awake("b"));
        Probe<LlmEvent> watch = server.watch(0, "b", ALL);
        watch.take();
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE); // nothing for this watcher but the revision
        for (int i = 0; i < 6; i++) {
            server.advance(Duration.ofSeconds(29));
            ana.heartbeat();
        }

        List<String> heard = texts(watch.heard());

        assertThat(heard).hasSize(5).allMatch("3 BOOKMARK"::equals);
        Probe<LlmEvent> resumed = server.watch(3, "b", ALL);
        assertThat(resumed.heard()).isEmpty();
    }

    @Test
    void whoHearsOfChangesNeedsNoBookmark() {
        ana.register(awake("a"));
        Probe<LlmEvent> watch = server.watch(0);
        for (int i = 0; i < 10; i++) {
            server.advance(Duration.ofSeconds(20));
            changeTimes(1);
        }

        assertThat(watch.heard()).noneMatch(event -> event.getType() == Type.TYPE_BOOKMARK);
    }

    @Test
    void theLoadOfAnLlmIsToldOnceASecondAtMost() {
        ana.register(
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("a").setConcurrency(2), LlmStatus.LLM_STATUS_ACTIVE));
        Probe<LlmEvent> watch = server.watch(1);
        List<InferProbe> infers =
                IntStream.range(0, 5).mapToObj(i -> server.infer("a")).toList();
        assertThat(watch.heard()).isEmpty();

        server.advance(Duration.ofSeconds(1));
        server.advance(Duration.ofSeconds(5));

        assertThat(texts(watch.heard())).containsExactly("1 LOAD a");
        LlmEvent load = watch.take().get(0);
        assertThat(load.getLlm().getActiveTasks()).isEqualTo(2);
        assertThat(load.getLlm().getQueuedTasks()).isEqualTo(3);
        assertThat(load.getLlm().getRevision()).isEqualTo(1);
        infers.forEach(InferProbe::cancel);
        ana.infers().forEach(task -> ana.end(task, 0));
        server.advance(Duration.ofSeconds(1));
        assertThat(watch.heard()).singleElement().satisfies(event -> {
            assertThat(event.getLlm().getActiveTasks()).isZero();
            assertThat(event.getLlm().getQueuedTasks()).isZero();
        });
    }

    @Test
    void aWatcherThatDoesNotReadIsLetGoWhileTheOthersGoOn() {
        ana.register(awake("a"));
        Probe<LlmEvent> slow = server.watch(1, "", 1);
        Probe<LlmEvent> quick = server.watch(1);

        changeTimes(500);
        assertThat(slow.open()).isTrue();
        changeTimes(100);
        slow.request(ALL);

        assertThat(slow.reason()).isEqualTo("WATCHER_TOO_SLOW");
        assertThat(slow.code()).isEqualTo(Status.Code.ABORTED);
        assertThat(slow.heard()).hasSize(1);
        assertThat(quick.open()).isTrue();
        assertThat(quick.heard()).hasSize(1200);
        server.advance(Duration.ofSeconds(1));
        assertThat(server.watches()).isEqualTo(1);
    }

    @Test
    void soIsOneThatTakesNothingOfTheLittleThereIs() {
        ana.register(awake("a"));
        Probe<LlmEvent> slow = server.watch(1, "", 1);
        Probe<LlmEvent> quick = server.watch(1);
        changeTimes(5);

        for (int second = 0; second < 119; second++) {
            server.advance(Duration.ofSeconds(1));
        }
        assertThat(server.watches()).isEqualTo(2);
        for (int second = 0; second < 3; second++) {
            server.advance(Duration.ofSeconds(1));
        }
        slow.request(ALL);

        assertThat(slow.reason()).isEqualTo("WATCHER_TOO_SLOW");
        assertThat(quick.open()).isTrue();
        assertThat(server.watches()).isEqualTo(1);
    }

    @Test
    void aThousandMayWatchAndTheNextIsToldSo() {
        for (int i = 0; i < 1000; i++) {
            server.watch(0);
        }
        Probe<LlmEvent> last = server.watch(0);
        assertThat(last.reason()).isEqualTo("OVERLOADED");
        assertThat(server.watches()).isEqualTo(1000);
    }

    @Test
    void aWatcherThatWasLetGoListsAndWatchesFromThere() {
        ana.register(awake("a"));
        Probe<LlmEvent> slow = server.watch(1, "", 1);
        changeTimes(600);
        slow.request(ALL);
        assertThat(slow.reason()).isEqualTo("WATCHER_TOO_SLOW");

        Probe<LlmEvent> again = server.watch(revision());
        changeTimes(1);

        assertThat(again.heard()).hasSize(2);
    }

    @Test
    void aWatcherThatReadsSlowlyButReadsMissesNothing() {
        ana.register(awake("a"));
        Probe<LlmEvent> watch = server.watch(1, "", 1);
        for (int i = 0; i < 600; i++) {
            changeTimes(1);
            watch.request(2);
        }

        watch.request(ALL);

        assertThat(watch.heard().stream().mapToLong(LlmEvent::getRevision))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(2, 1201).boxed().toList());
    }

    @Test
    void aNegativeRevisionAndABrokenNameAreMalformed() {
        assertThat(server.watch(-1).reason()).isEqualTo("MALFORMED");
        assertThat(server.watch(0, "not a name", ALL).reason()).isEqualTo("MALFORMED");
    }

    @Test
    void aWatcherThatLeavesIsForgotten() {
        Probe<LlmEvent> watch = server.watch(0);
        assertThat(server.watches()).isEqualTo(1);

        watch.cancel();

        assertThat(server.watches()).isZero();
        ana.register(awake("a"));
        assertThat(server.server().fleet().find(new LlmName("a"))).isNotNull();
    }
}
