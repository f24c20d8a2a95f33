package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {
    @Test
    void all_options_are_understood_in_any_order() {
        Options options = Options.parse(List.of("--stay", "--prompt", "Who are you?", "--real"));
        assertThat(options).isEqualTo(new Options(true, false, true, false, "Who are you?"));
        assertThat(Options.parse(List.of("--prompt=x")).prompt()).isEqualTo("x");
        assertThat(Options.parse(List.of("-h")).help()).isTrue();
        assertThat(Options.parse(List.of()).prompt()).isNotBlank();
    }

    @Test
    void what_makes_no_sense_is_refused() {
        assertThatThrownBy(() -> Options.parse(List.of("--prompt"))).hasMessage("--prompt wants a text");
        assertThatThrownBy(() -> Options.parse(List.of("--prompt", " "))).hasMessage("--prompt wants a text");
        assertThatThrownBy(() -> Options.parse(List.of("--rael"))).hasMessage("unknown argument \"--rael\"");
        assertThatThrownBy(() -> Options.parse(List.of("--real", "--story"))).hasMessageContaining("exclude");
    }
}
