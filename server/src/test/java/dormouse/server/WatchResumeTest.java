package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.store.Database;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Watches that go on from a revision, and those that cannot. Failure list: 27. */
class WatchResumeTest {
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
    void aWatchGoesOnAfterTheRevisionThatItNames() {
        ana.register(awake("a"));
        changeTimes(300);

        Probe<LlmEvent> watch = server.watch(10);
        changeTimes(1);

        assertThat(watch.heard().stream().mapToLong(LlmEvent::getRevision))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(11, 603).boxed().toList());
    }

    @Test
    void aWatchGoesOnAfterTheServerWasRestarted() {
        ana.register(awake("a"));
        Probe<LlmEvent> before = server.watch(0);
        changeTimes(2);
        List<LlmEvent> heard = before.take();
        long last = heard.get(heard.size() - 1).getRevision();
        server.restart();
        server.reconnect(ana).register(awake("a"));

        Probe<LlmEvent> after = server.watch(last);

        assertThat(texts(after.take())).containsExactly("6 DEACTIVATED a", "7 REACTIVATED a");
    }

    @Test
    void whatHappensWhileTheHistoryIsReadComesOnceAndInItsPlace() {
        ana.register(awake("a"));
        changeTimes(300);

        Probe<LlmEvent> watch = server.watch(1, "", 1); // takes one, and stops in the middle of the first page
        changeTimes(50);
        watch.request(ALL);

        assertThat(watch.heard().stream().mapToLong(LlmEvent::getRevision))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(2, 701).boxed().toList());
    }

    @Test
    void aWatchFromARevisionWhoseHistoryIsGoneIsToldToListAgain() {
        ana.register(awake("a"));
        changeTimes(3);
        server.time().jump(Duration.ofHours(2));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        try (Database database = Database.open(server.database(), null, null)) {
            database.llms().compact(server.time().now().minus(Duration.ofHours(1)));
            assertThat(database.llms().compactedRevision()).isGreaterThanOrEqualTo(7);
        }

        Probe<LlmEvent> tooOld = server.watch(6);
        Probe<LlmEvent> justNewEnough = server.watch(revision() - 1);

        assertThat(tooOld.reason()).isEqualTo("REVISION_COMPACTED");
        assertThat(tooOld.code()).isEqualTo(Status.Code.OUT_OF_RANGE);
        assertThat(tooOld.heard()).isEmpty();
        assertThat(justNewEnough.heard()).hasSize(1);
    }

    @Test
    void aHistoryThatIsForgottenWhileItIsReadIsNotPassedOffAsWhole() {
        ana.register(awake("a"));
        changeTimes(300);
        server.time().jump(Duration.ofHours(2));
        Probe<LlmEvent> watch = server.watch(1, "", 1);
        try (Database database = Database.open(server.database(), null, null)) {
            database.llms().compact(server.time().now().minus(Duration.ofHours(1)));
        }

        watch.request(ALL);

        assertThat(watch.reason()).isEqualTo("REVISION_COMPACTED");
        assertThat(watch.heard().stream().mapToLong(LlmEvent::getRevision))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(2, 257).boxed().toList());
    }

    @Test
    void historyThatIsForgottenBetweenTheLookAndTheReadIsNoticed() {
        ana.register(awake("a"));
        changeTimes(3);
        server.time().jump(Duration.ofHours(2));
        server.stores().beforeTheNextEventsAfter(() -> {
            try (Database database = Database.open(server.database(), null, null)) {
                database.llms().compact(server.time().now().minus(Duration.ofHours(1)));
            }
        });

        Probe<LlmEvent> watch = server.watch(1);

        assertThat(watch.reason()).isEqualTo("REVISION_COMPACTED");
        assertThat(watch.heard()).isEmpty();
    }

    @Test
    void aRevisionThatIsYetToComeIsOfAnotherHistory() {
        ana.register(awake("a"));

        Probe<LlmEvent> watch = server.watch(1000);

        assertThat(watch.reason()).isEqualTo("REVISION_COMPACTED");
    }

    @Test
    void aWatchWhoseHistoryCannotBeReadSaysSo() {
        ana.register(awake("a"));
        changeTimes(1);
        server.stores().away();

        assertThat(server.watch(1).reason()).isEqualTo("STORE_UNAVAILABLE");
        Probe<LlmEvent> snapshot = server.watch(0);
        assertThat(texts(snapshot.heard())).containsExactly("3 SNAPSHOT a", "3 SNAPSHOT_END");
    }
}
