package dormouse.agent;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One Llm that the agent publishes.
 *
 * @param name 1-128 characters of {@code a-z A-Z 0-9 . _ - : /}
 * @param url the backend's base URL, without a slash at its end
 * @param model the backend's own name for the model
 * @param apiKey the backend's key, sent to it alone
 * @param pool the shared name that it answers to as well; empty: none
 * @param concurrency tasks at a time, 1-1024
 */
public record LlmConfig(
        String name,
        URI url,
        String model,
        BackendType type,
        @Nullable Secret apiKey,
        String pool,
        int concurrency,
        Map<String, String> labels,
        Available available,
        @Nullable Wake wake,
        @Nullable Sleep sleep,
        @Nullable Policy policy) {
    static final Pattern NAME = Pattern.compile("[a-zA-Z0-9._:/-]{1,128}");
    static final String NAME_RULE = "a name has 1-128 characters of a-z A-Z 0-9 . _ - : /";

    public LlmConfig {
        labels = Map.copyOf(labels);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name \"" + name + "\": " + NAME_RULE);
        }
        if (concurrency < 1 || concurrency > 1024) {
            throw new IllegalArgumentException("concurrency " + concurrency + " of " + name + ": 1-1024");
        }
    }

    /** An Llm with every default. */
    public static LlmConfig of(String name, URI url) {
        return new LlmConfig(
                name,
                url,
                name,
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new Available(null, Duration.ofSeconds(2)),
                null,
                null,
                null);
    }

    boolean isWakeable() {
        return wake != null;
    }

    boolean isSleepable() {
        return sleep != null;
    }

    /**
     * How the backend is asked whether it answers.
     *
     * @param url null: as the type has it
     */
    public record Available(@Nullable URI url, Duration timeout) {}

    /** How it is woken, and how long that may take in all. */
    public record Wake(Recipe recipe, Duration maxWait) {}

    /**
     * How it is rested.
     *
     * @param idleAfter null: by hand alone
     */
    public record Sleep(
            Recipe recipe, Duration maxWait, @Nullable Duration idleAfter) {}

    /**
     * When the publisher does not want to be woken.
     *
     * @param quietHours in the machine's own time zone
     * @param maxWakesPerHour 0: no bound
     */
    public record Policy(@Nullable QuietHours quietHours, int maxWakesPerHour) {
        /** As {@code --check} says it. */
        @Override
        public String toString() {
            String quiet =
                    quietHours == null ? "" : "not woken between " + quietHours.from() + " and " + quietHours.to();
            String wakes = maxWakesPerHour == 0 ? "" : "at most " + maxWakesPerHour + " wakes an hour";
            return quiet + (quiet.isEmpty() || wakes.isEmpty() ? "" : ", ") + wakes;
        }
    }
}
