package dormouse.server.store;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.Owner;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Values as every database gives them back: times cut to the microsecond, texts without what PostgreSQL can't hold (NUL,
 * half a surrogate pair). Whatever is saved goes through here first, so that what a commit returns is what a load finds.
 */
final class Storable {
    private Storable() {}

    static Instant time(Instant time) {
        return time.truncatedTo(ChronoUnit.MICROS);
    }

    static String text(String text) {
        String encodable = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        return encodable.replace('\0', '\uFFFD');
    }

    static Llm llm(Llm llm) {
        return new Llm(
                llm.name(),
                llm.kind(),
                llm.state(),
                text(llm.reason()),
                spec(llm.spec()),
                owner(llm.owner()),
                time(llm.createTime()),
                time(llm.updateTime()),
                timeOrNull(llm.lastHeartbeat()),
                timeOrNull(llm.inactiveSince()),
                llm.before(),
                llm.revision());
    }

    private static LlmSpec spec(LlmSpec spec) {
        return new LlmSpec(
                text(spec.model()),
                spec.pool(),
                spec.concurrency(),
                spec.wakeable(),
                spec.sleepable(),
                spec.labels(),
                spec.maxWait(),
                text(spec.type()));
    }

    private static @Nullable Owner owner(@Nullable Owner owner) {
        return owner == null
                ? null
                : new Owner(
                        owner.session(),
                        text(owner.agentName()),
                        text(owner.principal()),
                        owner.epoch(),
                        text(owner.replica()));
    }

    private static @Nullable Instant timeOrNull(@Nullable Instant time) {
        return time == null ? null : time(time);
    }
}
