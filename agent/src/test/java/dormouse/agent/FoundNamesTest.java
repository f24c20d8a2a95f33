package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.Sighting.Find;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FoundNamesTest {
    private final FoundNames names = new FoundNames();

    private static Find ollama(String model) {
        return new Find(11434, BackendType.OLLAMA, model, true, true);
    }

    private static Find lmStudio(String model) {
        return new Find(1234, BackendType.LMSTUDIO, model, true, true);
    }

    private List<String> named(List<Find> finds, LlmConfig... listed) {
        return names.llms(finds, List.of(listed)).stream().map(LlmConfig::name).toList();
    }

    @ParameterizedTest
    @CsvSource({
        "qwen3:8b, qwen3:8b",
        "meta-llama/Llama-3.3-70B, meta-llama/Llama-3.3-70B",
        "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M, hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M",
        "/srv/models/Qwen3-8B-Q4_K_M.gguf, Qwen3-8B-Q4_K_M",
        "models/tiny.gguf, tiny",
        "./tiny, tiny",
        "'C:\\Models\\My Model.gguf', My-Model",
        "'my model (v2) é', my-model-v2",
        "a@b+c, a-b-c",
        "/models/llama, llama",
    })
    void a_name_is_as_near_to_the_models_as_it_can_be(String model, String name) {
        assertThat(named(List.of(ollama(model)))).containsExactly(name);
    }

    @Test
    void a_name_that_is_too_long_is_cut_and_two_that_then_are_alike_are_told_apart() {
        String first = "m".repeat(200);
        String second = "m".repeat(201);
        List<String> named = named(List.of(ollama(first), ollama(second)));
        assertThat(named).containsExactly("m".repeat(128), "m".repeat(121) + "-ollama");
    }

    @Test
    void what_has_no_letter_that_a_name_may_have_is_left_out() {
        assertThat(named(List.of(ollama("模型"), ollama("a")))).containsExactly("a");
    }

    @Test
    void two_servers_with_one_model_are_told_apart_by_their_kind() {
        List<Find> both = List.of(ollama("qwen3"), lmStudio("qwen3"));
        assertThat(named(both)).containsExactly("qwen3", "qwen3-lmstudio");
        Find another = new Find(8000, BackendType.LMSTUDIO, "qwen3", true, true);
        assertThat(named(List.of(ollama("qwen3"), lmStudio("qwen3"), another)))
                .containsExactly("qwen3", "qwen3-lmstudio", "qwen3-8000");
    }

    @Test
    void who_had_a_name_keeps_it() {
        assertThat(named(List.of(ollama("qwen3"), lmStudio("qwen3")))).containsExactly("qwen3", "qwen3-lmstudio");
        assertThat(named(List.of(lmStudio("qwen3")))).containsExactly("qwen3-lmstudio");
        assertThat(named(List.of(ollama("qwen3"), lmStudio("qwen3")))).containsExactly("qwen3", "qwen3-lmstudio");

        FoundNames later = new FoundNames();
        later.llms(List.of(lmStudio("qwen3")), List.of());
        assertThat(later.llms(List.of(ollama("qwen3"), lmStudio("qwen3")), List.of()))
                .extracting(LlmConfig::name)
                .containsExactly("qwen3-ollama", "qwen3");
    }

    @Test
    void a_name_is_kept_when_what_can_be_done_with_the_model_changes() {
        named(List.of(lmStudio("qwen3")));
        named(List.of(lmStudio("qwen3"), ollama("qwen3")));
        Find unable = new Find(1234, BackendType.LMSTUDIO, "qwen3", false, false);
        assertThat(named(List.of(ollama("qwen3"), unable))).containsExactly("qwen3-ollama", "qwen3");
    }

    @ParameterizedTest
    @CsvSource({"localhost", "127.0.0.1", "[::1]", "0.0.0.0"})
    void what_the_file_lists_is_not_published_twice(String host) {
        LlmConfig listed = LlmConfig.of("qwen3", URI.create("http://" + host + ":11434/v1"));
        assertThat(named(List.of(ollama("qwen3"), ollama("other")), listed)).containsExactly("other");
    }

    @Test
    void the_names_and_pools_of_the_file_are_taken() {
        LlmConfig plain = LlmConfig.of("qwen3", URI.create("http://10.0.0.5:11434/v1"));
        LlmConfig pooled = new LlmConfig(
                "desk",
                plain.url(),
                "x",
                BackendType.OPENAI,
                null,
                "shared",
                4,
                java.util.Map.of(),
                plain.available(),
                null,
                null,
                null);
        assertThat(named(List.of(ollama("qwen3"), ollama("shared")), plain, pooled))
                .containsExactly("qwen3-ollama", "shared-ollama");
    }

    @Test
    void no_more_are_published_than_the_server_takes() {
        List<Find> many = new ArrayList<>(
                IntStream.range(0, 1_200).mapToObj(i -> ollama("m" + i)).toList());
        assertThat(named(many, LlmConfig.of("a", URI.create("http://x/v1")))).hasSize(999);
    }

    @Test
    void what_is_found_has_the_ready_made_recipes_of_its_kind_and_sleeps_by_hand_alone() {
        LlmConfig able = names.llms(List.of(ollama("qwen3")), List.of()).get(0);
        assertThat(able.url()).isEqualTo(URI.create("http://127.0.0.1:11434/v1"));
        assertThat(able.model()).isEqualTo("qwen3");
        assertThat(able.type()).isEqualTo(BackendType.OLLAMA);
        assertThat(able.wake().recipe())
                .isEqualTo(new Recipe.ReadyMade(
                        BackendType.OLLAMA,
                        Recipe.ReadyMade.Action.WAKE,
                        URI.create("http://127.0.0.1:11434"),
                        "qwen3",
                        null));
        assertThat(able.sleep().idleAfter()).isNull();

        LlmConfig unable = names.llms(List.of(new Find(8000, BackendType.VLLM, "big", false, false)), List.of())
                .get(0);
        assertThat(unable.isWakeable() || unable.isSleepable()).isFalse();
    }
}
