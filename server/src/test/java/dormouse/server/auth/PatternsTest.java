package dormouse.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatternsTest {
    @ParameterizedTest
    @CsvSource({
        "qwen3, qwen3, true",
        "qwen3, qwen3-8b, false",
        "qwen3, my-qwen3, false",
        "qwen3, Qwen3, false",
        "qwen3*, qwen3, true",
        "qwen3*, qwen3-8b, true",
        "*-8b, qwen3-8b, true",
        "*-8b, qwen3-8bx, false",
        "team-a/*, team-a/x/y, true",
        "team-a/*, team-a/, true",
        "team-a/*, team-a, false",
        "team-a/*, team-ab/x, false",
        "*, anything/at:all, true",
        "**, a, true",
        "a*b*c, axxbyyc, true",
        "a*b*c, abcabc, true",
        "a*b*c, acb, false",
        "a.b, axb, false",
        "a*a, a, false"
    })
    void aStarStandsForAnyCharactersAndAllElseForItself(String glob, String name, boolean covers) {
        assertThat(new Patterns(List.of("nothing", glob)).cover(name)).isEqualTo(covers);
    }

    @Test
    void noneAtAllCoverEverything() {
        assertThat(new Patterns(List.of()).cover("x")).isTrue();
    }

    @Test
    @Timeout(10)
    void manyStarsTakeNoLongerThanTheyMust() {
        String stars = "a*".repeat(64);
        assertThat(Patterns.matches(stars, "a".repeat(127) + "b")).isTrue();
        assertThat(Patterns.matches(stars + "c", "a".repeat(128))).isFalse();
    }

    @Test
    void whatIsNoPatternIsRefused() {
        for (String wrong : new String[] {"", "a b", "a\n", "a?b", "x".repeat(129), "[a]"}) {
            assertThatThrownBy(() -> new Patterns(List.of(wrong)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 to 128 of");
        }
        assertThatThrownBy(() -> new Patterns(Collections.nCopies(65, "a"))).hasMessageContaining("at most 64");
    }

    @Test
    void aBucketGivesSoManyAtOnceAndThenOneAfterTheOther() {
        long now = Long.MAX_VALUE - 5_000_000; // of a clock that runs over
        Bucket bucket = new Bucket(3, Duration.ofMillis(10), now);
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.take(now)).isZero();
        }
        assertThat(bucket.take(now)).isEqualTo(Duration.ofMillis(10));
        assertThat(bucket.take(now + 4_000_000)).isEqualTo(Duration.ofMillis(6));
        assertThat(bucket.take(now + 10_000_000)).isZero();
        assertThat(bucket.take(now + 10_000_000)).isEqualTo(Duration.ofMillis(10));
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.take(now + 1_000_000_000)).isZero();
        }
        assertThat(bucket.take(now + 1_000_000_000)).isEqualTo(Duration.ofMillis(10));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "Bearer dmt_a, -, dmt_a",
                "bearer   dmt_a, -, dmt_a",
                "Basic abc, -, -",
                "Basic abc, dmt_b, dmt_b",
                "Bearer dmt_a, dmt_b, dmt_a",
                "-, dmt_b, dmt_b",
                "-, -, -"
            })
    void aTokenStandsInOneOfTwoHeaders(String authorization, String apiKey, String shown) {
        assertThat(Secrets.shown(authorization, apiKey)).isEqualTo(shown);
    }
}
