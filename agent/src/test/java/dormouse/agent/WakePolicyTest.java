package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import java.net.URI;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WakePolicyTest {
    private final ManualLoop loop = new ManualLoop();
    private final LoopClock clock =
            new LoopClock(loop, ZonedDateTime.parse("2026-06-10T22:00:00+02:00[Europe/Berlin]"));

    private WakePolicy policy(LlmConfig.@Nullable Policy policy) {
        LlmConfig plain = LlmConfig.of("qwen3", URI.create("http://x/v1"));
        LlmConfig llm = new LlmConfig(
                plain.name(),
                plain.url(),
                plain.model(),
                plain.type(),
                null,
                "",
                4,
                Map.of(),
                plain.available(),
                null,
                null,
                policy);
        return new WakePolicy(llm, loop, clock);
    }

    private static @Nullable Duration retryAfter(@Nullable Status refusal) {
        assertThat(refusal).isNotNull();
        assertThat(Problems.reason(refusal)).isEqualTo("WAKE_REFUSED");
        return Problems.retryAfter(refusal).orElse(null);
    }

    @Test
    void without_a_policy_every_wake_is_granted() {
        WakePolicy policy = policy(null);
        for (int i = 0; i < 100; i++) {
            assertThat(policy.grant()).isNull();
        }
    }

    @Test
    void quiet_hours_are_named_and_said_how_long_they_last() {
        WakePolicy policy = policy(new LlmConfig.Policy(QuietHours.parse("23:00-07:00"), 0));
        assertThat(policy.grant()).isNull();

        loop.advance(Duration.ofHours(2));
        Status refusal = policy.grant();

        assertThat(retryAfter(refusal)).isEqualTo(Duration.ofHours(7));
        assertThat(refusal.getMessage())
                .isEqualTo("qwen3: its publisher does not want it woken between 23:00 and 07:00");
        loop.advance(Duration.ofHours(7));
        assertThat(policy.grant()).isNull();
    }

    @Test
    void the_hour_of_the_wakes_slides() {
        WakePolicy policy = policy(new LlmConfig.Policy(null, 2));
        assertThat(policy.grant()).isNull();
        loop.advance(Duration.ofMinutes(20));
        assertThat(policy.grant()).isNull();

        loop.advance(Duration.ofMinutes(10));
        Status refusal = policy.grant();
        assertThat(retryAfter(refusal)).isEqualTo(Duration.ofMinutes(30));
        assertThat(refusal.getMessage()).isEqualTo("qwen3: its publisher allows 2 wakes an hour, which are used up");

        loop.advance(Duration.ofMinutes(30).minusNanos(1));
        assertThat(retryAfter(policy.grant())).isEqualTo(Duration.ofNanos(1));
        loop.advance(Duration.ofNanos(1));
        assertThat(policy.grant()).isNull();
        assertThat(retryAfter(policy.grant())).isEqualTo(Duration.ofMinutes(20));
    }

    @Test
    void a_wake_refused_for_the_hour_of_the_day_is_not_counted() {
        WakePolicy policy = policy(new LlmConfig.Policy(QuietHours.parse("21:00-22:30"), 1));
        assertThat(retryAfter(policy.grant())).isEqualTo(Duration.ofMinutes(30));
        loop.advance(Duration.ofMinutes(30));
        assertThat(policy.grant()).isNull();
    }

    @Test
    void what_was_counted_is_not_forgotten_when_the_file_changes() {
        WakePolicy old = policy(new LlmConfig.Policy(null, 3));
        for (int i = 0; i < 3; i++) {
            assertThat(old.grant()).isNull();
            loop.advance(Duration.ofMinutes(10));
        }

        WakePolicy changed = policy(new LlmConfig.Policy(null, 1));
        changed.inherit(old);

        assertThat(retryAfter(changed.grant())).isEqualTo(Duration.ofMinutes(50));
    }
}
