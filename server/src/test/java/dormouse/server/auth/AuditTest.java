package dormouse.server.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.AuditStore;
import dormouse.server.fleet.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who did what, without a row for each time that somebody asks the same. */
class AuditTest {
    private static final Instant NOON = Instant.parse("2026-11-28T12:00:00Z");

    private final List<AuditEntry> rows = new ArrayList<>();
    private final Audit audit = new Audit(new Rows(), Runnable::run, 0);
    private final Caller anna = new Caller("tok-anna", Role.CLIENT, Patterns.ALL);
    private final Caller ben = new Caller("tok-ben", Role.CLIENT, Patterns.ALL);

    private final class Rows implements AuditStore {
        @Override
        public void record(List<AuditEntry> entries) {
            rows.addAll(entries);
        }

        @Override
        public List<AuditEntry> newest(int limit) {
            return rows;
        }

        @Override
        public void forget(Instant before) {}
    }

    private void wakes(Caller caller, String llm, Duration at) {
        audit.asked(caller, "llm.wake", llm, NOON.plus(at), at.toNanos());
    }

    @Test
    void whoAsksTheSameAgainHasOneRowAMinuteAndItSaysHowOften() {
        for (int i = 0; i < 1000; i++) {
            wakes(anna, "qwen", Duration.ofMillis(59 * i));
        }
        assertThat(rows).hasSize(1);

        wakes(anna, "qwen", Duration.ofSeconds(61));

        assertThat(rows).extracting(AuditEntry::detail).containsExactly("", "999 more since the row before");
        assertThat(rows.get(1).time()).isEqualTo(NOON.plusSeconds(61));
    }

    @Test
    void whoHasStoppedAskingIsForgottenAndHowOftenHeAskedIsSaid() {
        wakes(anna, "qwen", Duration.ZERO);
        wakes(anna, "qwen", Duration.ofSeconds(1));
        wakes(ben, "qwen", Duration.ofSeconds(30));

        audit.settle(Duration.ofSeconds(60).toNanos());
        audit.settle(Duration.ofSeconds(90).toNanos());

        assertThat(rows).extracting(AuditEntry::detail).containsExactly("", "", "1 more since the row before");
        assertThat(rows).last().extracting(AuditEntry::time).isEqualTo(NOON.plusSeconds(1));
        wakes(anna, "qwen", Duration.ofSeconds(91));
        assertThat(rows).hasSize(4).last().extracting(AuditEntry::detail).isEqualTo("");
    }

    @Test
    void whatIsUnsaidIsSaidAtTheEnd() {
        wakes(anna, "qwen", Duration.ZERO);
        wakes(anna, "qwen", Duration.ofSeconds(1));
        wakes(ben, "qwen", Duration.ofSeconds(1));
        audit.end();
        audit.end();
        assertThat(rows).extracting(AuditEntry::detail).containsExactly("", "", "1 more since the row before");
    }

    @Test
    void anotherCallerAndAnotherLlmHaveRowsOfTheirOwn() {
        wakes(anna, "qwen", Duration.ZERO);
        wakes(ben, "qwen", Duration.ZERO);
        wakes(anna, "llama", Duration.ZERO);
        audit.asked(anna, "llm.sleep", "qwen", NOON, 0);

        assertThat(rows).hasSize(4).extracting(AuditEntry::detail).containsOnly("");
    }

    @Test
    void whatIsRememberedOfThoseWhoAskIsBounded() {
        for (int i = 0; i < 2 * Audit.MOST; i++) {
            wakes(anna, "llm-" + i, Duration.ZERO);
        }
        wakes(anna, "llm-0", Duration.ZERO); // forgotten meanwhile
        wakes(anna, "llm-" + (2 * Audit.MOST - 1), Duration.ZERO);

        assertThat(rows).hasSize(2 * Audit.MOST + 1);
    }
}
