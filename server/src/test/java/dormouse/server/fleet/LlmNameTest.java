package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an Llm may be called. */
class LlmNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "qwen3:8b", "org/model-1.5_q4", "ABC", "0", "..", "/"})
    void takesLettersDigitsAndAFewSigns(String name) {
        assertThat(new LlmName(name).value()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a\n", "é", "a?b", "a#b", "a%20", "a\\b", "a\u0000", "\u202e"})
    void refusesEverythingElseAndSaysTheRule(String name) {
        assertThat(LlmName.isValid(name)).isFalse();
        assertThatThrownBy(() -> new LlmName(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name \"" + name + "\": 1 to 128 of a-z A-Z 0-9 . _ - : /");
    }

    @Test
    void has128CharactersAtMostAndIsNotRepeatedInFullWhereItHasMore() {
        assertThat(LlmName.isValid("x".repeat(128))).isTrue();
        assertThatThrownBy(() -> new LlmName("x".repeat(129)))
                .hasMessageStartingWith("name \"" + "x".repeat(40) + "…\": 1 to 128");
    }

    @Test
    void isOrderedAsTextSoThatListsCanBePaged() {
        TreeSet<LlmName> names = new TreeSet<>();
        for (String name : new String[] {"b", "a", "B", "a/1", "a1"}) {
            names.add(new LlmName(name));
        }
        assertThat(names).extracting(LlmName::toString).containsExactly("B", "a", "a/1", "a1", "b");
    }
}
