package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageSum;
import dormouse.server.relay.UsageLedger;
import dormouse.server.store.Database;
import dormouse.v1.SumUsageRequest;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Usage is written in batches, behind the tasks: no row twice, no row forgotten while there is room, no task slowed. */
class UsageLedgerTest {
    private static final Duration WRITTEN = Duration.ofSeconds(15);

    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @BeforeEach
    void publish() {
        ana.register(awake("a"));
        ana.onInfer(task -> ana.answer(task, "yes"));
    }

    @AfterEach
    void close() {
        server.stores().back();
        server.blocking().letGo();
        server.close();
    }

    private UsageLedger ledger() {
        return server.server().usage();
    }

    private void tasks(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(server.infer("a").text()).isEqualTo("yes");
        }
    }

    /** As the tables have it. */
    private long rows() {
        try (Database database = Database.open(server.database(), null, null)) {
            return database.usage().sum(new UsageQuery(null, null, Set.of(), null), 1).stream()
                    .mapToLong(UsageSum::tasks)
                    .sum();
        }
    }

    @Test
    void rowsAreWrittenTogetherEveryFewSeconds() {
        server.advance(WRITTEN);
        tasks(2);
        server.advance(WRITTEN.minusMillis(1));
        tasks(1);
        assertThat(server.stores().usageBatches()).isEmpty();
        server.advance(Duration.ofMillis(1));
        assertThat(server.stores().usageBatches()).containsExactly(3);
        assertThat(rows()).isEqualTo(3);

        server.advance(Duration.ofMinutes(1));
        assertThat(server.stores().usageBatches())
                .as("where nothing is new, nothing is written")
                .hasSize(1);
        tasks(1);
        server.advance(WRITTEN);
        assertThat(server.stores().usageBatches()).containsExactly(3, 1);
    }

    @Test
    void manyAreWrittenAtOnce() {
        tasks(499);
        assertThat(server.stores().usageBatches()).isEmpty();
        tasks(1);
        assertThat(server.stores().usageBatches()).containsExactly(500);
        assertThat(ledger().waiting()).isZero();
    }

    @Test
    void whoAsksForTheSumsGetsWhatHasEndedBefore() {
        tasks(3);
        assertThat(server.admin()
                        .sumUsage(SumUsageRequest.getDefaultInstance())
                        .getSums(0)
                        .getTasks())
                .isEqualTo(3);
    }

    @Test
    void whileTheDatabaseIsAwayRowsAreKeptAndEachIsWrittenOnceWhenItIsBack() {
        tasks(10);
        server.stores().away();
        server.advance(WRITTEN);
        tasks(700);
        server.advance(Duration.ofMinutes(1));
        assertThat(ledger().waiting()).isEqualTo(710);
        assertThat(rows()).isZero();

        server.stores().back();
        server.advance(WRITTEN);
        assertThat(ledger().waiting()).isZero();
        assertThat(server.stores().usageBatches()).containsExactly(500, 210);
        assertThat(rows()).isEqualTo(710);
    }

    @Test
    void aDatabaseThatIsAwayIsAskedEveryFewSecondsHoweverManyTasksThereAre() {
        server.stores().away();
        tasks(500);
        int calls = server.stores().calls();
        tasks(100);
        assertThat(server.stores().calls()).isEqualTo(calls);
    }

    @Test
    void aBatchWhoseReplyIsLostIsThereOnce() {
        server.stores().loseTheNextUsageReply();
        tasks(5);
        server.advance(WRITTEN);
        assertThat(rows()).isEqualTo(5);
        assertThat(ledger().waiting()).as("as far as it knows").isEqualTo(5);
        tasks(1);
        server.advance(WRITTEN);
        assertThat(rows()).isEqualTo(6);
        assertThat(ledger().waiting()).isZero();
    }

    @Test
    void aSlowDatabaseDelaysNoTask() {
        server.blocking().hold();
        tasks(600);
        server.advance(WRITTEN);
        tasks(600);
        assertThat(ledger().waiting()).isEqualTo(1200);

        server.blocking().letGo();
        assertThat(rows()).isEqualTo(1200);
        assertThat(ledger().waiting()).isZero();
    }

    @Tag("slow")
    @Test
    void beyondTheBoundRowsAreDroppedAndCountedAndTheTasksGoOn() {
        server.stores().away();
        tasks(10_003);
        assertThat(ledger().waiting()).isEqualTo(10_000);
        assertThat(ledger().dropped()).isEqualTo(3);

        server.stores().back();
        server.advance(WRITTEN);
        tasks(1);
        server.advance(WRITTEN);
        assertThat(rows()).isEqualTo(10_001);
        assertThat(ledger().dropped()).isEqualTo(3);
    }

    @Test
    void anOrderlyEndWritesWhatIsThereAndWhatItEndsItself() {
        tasks(2);
        ana.onInfer(task -> {});
        server.infer("a");
        server.restart();
        assertThat(rows()).isEqualTo(3);
    }
}
