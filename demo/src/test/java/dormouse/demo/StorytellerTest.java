package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.demo.ChatPrompt.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StorytellerTest {
    @Test
    void it_says_first_that_it_is_no_language_model() {
        assertThat(Storyteller.tell("anything"))
                .startsWith("I am the demo's built-in storyteller, not a language model.");
    }

    @Test
    void the_same_prompt_gets_the_same_story_and_others_get_others() {
        assertThat(Storyteller.tell("snow")).isEqualTo(Storyteller.tell("snow"));
        long stories = IntStream.range(0, 50)
                .mapToObj(i -> Storyteller.tell("snow " + i))
                .distinct()
                .count();
        assertThat(stories).isGreaterThan(40);
    }

    @Test
    void the_story_is_about_a_word_of_the_question_and_has_no_open_slot() {
        assertThat(Storyteller.tell("what is a transistor?"))
                .contains("transistor")
                .doesNotContain("{");
        assertThat(Storyteller.tell("")).contains("nothing at all");
        assertThat(Storyteller.tell("$1 \\ {topic} ${x} ")).doesNotContain("{");
    }

    @Test
    void it_stops_when_the_listener_is_gone() {
        int[] pieces = {0};
        ChatPrompt prompt = new ChatPrompt(List.of(new Message("user", "snow")), 100, 0, 1, true, false);
        assertThatThrownBy(() -> new Storyteller(Duration.ZERO).answer(prompt, text -> {
                    if (++pieces[0] == 3) {
                        throw new IOException("gone");
                    }
                }))
                .hasMessage("gone");
        assertThat(pieces[0]).isEqualTo(3);
    }
}
