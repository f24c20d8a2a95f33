package dormouse.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0,PT0S,0",
        "0s,PT0S,0",
        "500ms,PT0.5S,500ms",
        "90s,PT90S,90s",
        "120s,PT2M,2m",
        "5m,PT5M,5m",
        "4h,PT4H,4h"
    })
    void durations(String text, Duration duration, String shown) {
        assertThat(Units.duration(text)).isEqualTo(duration);
        assertThat(Units.text(duration)).isEqualTo(shown);
    }

    @Test
    void a_day_is_24_hours() {
        assertThat(Units.duration("1d")).isEqualTo(Duration.ofHours(24));
        assertThat(Units.text(Duration.ofHours(24))).isEqualTo("1d");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "-1s", "1.5s", "2 s", "2S", "1w", "9999999999999s", "١s"})
    void not_durations(String text) {
        assertThat(Units.duration(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0,0,0",
        "1000,1000,1000",
        "10B,10,10",
        "64KiB,65536,64KiB",
        "32MiB,33554432,32MiB",
        "1024MiB,1073741824,1GiB"
    })
    void sizes(String text, long bytes, String shown) {
        assertThat(Units.bytes(text)).isEqualTo(bytes);
        assertThat(Units.text(bytes)).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "KiB", "-1", "64KB", "64 KiB", "1.5MiB", "9999999999TiB"})
    void not_sizes(String text) {
        assertThat(Units.bytes(text)).isNull();
    }
}
