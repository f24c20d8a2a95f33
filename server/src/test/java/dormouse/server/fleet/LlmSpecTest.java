package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a publisher may say of an Llm, and what is said to one who says more. */
class LlmSpecTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static LlmSpec spec(String model, String pool, int concurrency, Map<String, String> labels, Duration wait) {
        return new LlmSpec(model, pool, concurrency, false, false, labels, wait, "openai");
    }

    private static void refuses(String message, Runnable made) {
        assertThatThrownBy(made::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static Map<String, String> labels(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "k" + i, i -> "v"));
    }

    @Test
    void concurrencyIsFrom1To1024() {
        assertThat(spec("m", "", 1, Map.of(), MINUTE).concurrency()).isEqualTo(1);
        assertThat(spec("m", "", 1024, Map.of(), MINUTE).concurrency()).isEqualTo(1024);
        refuses("concurrency 0: 1 to 1024", () -> spec("m", "", 0, Map.of(), MINUTE));
        refuses("concurrency 1025: 1 to 1024", () -> spec("m", "", 1025, Map.of(), MINUTE));
        refuses("concurrency -1: 1 to 1024", () -> spec("m", "", -1, Map.of(), MINUTE));
    }

    @Test
    void aWakeTakesMoreThanNothingAndADayAtMost() {
        assertThat(spec("m", "", 1, Map.of(), Duration.ofNanos(1)).maxWait()).isEqualTo(Duration.ofNanos(1));
        assertThat(spec("m", "", 1, Map.of(), Duration.ofHours(24)).maxWait()).isEqualTo(Duration.ofDays(1));
        refuses("max_wait: more than 0 s, at most 24 h", () -> spec("m", "", 1, Map.of(), Duration.ZERO));
        refuses("max_wait: more than 0 s, at most 24 h", () -> spec("m", "", 1, Map.of(), Duration.ofSeconds(-1)));
        refuses(
                "max_wait: more than 0 s, at most 24 h",
                () -> spec("m", "", 1, Map.of(), Duration.ofHours(24).plusNanos(1)));
    }

    @Test
    void aPoolHasANameOfTheSameKindOrNone() {
        assertThat(spec("m", "", 1, Map.of(), MINUTE).pool()).isEmpty();
        assertThat(spec("m", "qwen3", 1, Map.of(), MINUTE).pool()).isEqualTo("qwen3");
        refuses("pool: name \"q q\": 1 to 128", () -> spec("m", "q q", 1, Map.of(), MINUTE));
    }

    @Test
    void labelsAreFewAndShort() {
        assertThatCode(() -> spec("m", "", 1, labels(64), MINUTE)).doesNotThrowAnyException();
        assertThatCode(() -> spec("m", "", 1, Map.of("k".repeat(63), "v".repeat(255)), MINUTE))
                .doesNotThrowAnyException();
        refuses("labels: at most 64", () -> spec("m", "", 1, labels(65), MINUTE));
        refuses("keys of at most 63", () -> spec("m", "", 1, Map.of("k".repeat(64), ""), MINUTE));
        refuses("values of at most 255", () -> spec("m", "", 1, Map.of("k", "v".repeat(256)), MINUTE));
    }

    @Test
    void labelsCannotBeChangedBehindItsBack() {
        Map<String, String> mine = new HashMap<>(Map.of("gpu", "rtx4090"));
        LlmSpec spec = spec("m", "", 1, mine, MINUTE);
        mine.put("gpu", "none");
        assertThat(spec.labels()).containsEntry("gpu", "rtx4090");
    }

    @Test
    void modelAndTypeAreBounded() {
        assertThatCode(() -> spec("m".repeat(512), "", 1, Map.of(), MINUTE)).doesNotThrowAnyException();
        refuses("model: at most 512 characters", () -> spec("m".repeat(513), "", 1, Map.of(), MINUTE));
        refuses(
                "type: at most 32 characters",
                () -> new LlmSpec("m", "", 1, false, false, Map.of(), MINUTE, "t".repeat(33)));
    }
}
