package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelChoiceTest {
    private static final Path CACHED = Path.of("cached.gguf");
    private static final Path FETCHED = Path.of("fetched.gguf");
    private static final ModelChoice.Running RUNNING = new ModelChoice.Running(LocalServer.USUAL.get(0), "qwen3:8b");

    private static ModelChoice choose(String words, boolean running, boolean cached) {
        Options options = Options.parse(words.isEmpty() ? List.of() : List.of(words.split(" ")));
        return ModelChoice.choose(
                options,
                () -> running ? Optional.of(RUNNING) : Optional.empty(),
                cached ? Optional.of(CACHED) : Optional.empty(),
                () -> FETCHED);
    }

    @Test
    void a_model_that_runs_already_comes_first() {
        assertThat(choose("", true, true)).isEqualTo(RUNNING);
        assertThat(choose("--real", true, false)).isEqualTo(RUNNING);
    }

    @Test
    void then_the_one_in_the_cache_asked_for_or_not() {
        assertThat(choose("", false, true)).isEqualTo(new ModelChoice.SmolLm(CACHED));
        assertThat(choose("--real", false, true)).isEqualTo(new ModelChoice.SmolLm(CACHED));
    }

    @Test
    void it_is_fetched_only_when_asked_for() {
        assertThat(choose("--real", false, false)).isEqualTo(new ModelChoice.SmolLm(FETCHED));
        assertThat(choose("", false, false)).isEqualTo(new ModelChoice.Story());
    }

    @Test
    void the_storyteller_can_be_asked_for_whatever_else_there_is() {
        assertThat(choose("--story", true, true)).isEqualTo(new ModelChoice.Story());
    }

    @Test
    void a_running_model_gets_a_name_that_an_llm_may_have() {
        ModelChoice.Running odd =
                new ModelChoice.Running(LocalServer.USUAL.get(1), "My Model@q4 (v2)" + "x".repeat(200));
        assertThat(odd.name()).hasSize(128).startsWith("My-Model-q4--v2-x");
        assertThat(RUNNING.name()).isEqualTo("qwen3:8b");
    }
}
