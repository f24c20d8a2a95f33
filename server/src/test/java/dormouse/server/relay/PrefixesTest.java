package dormouse.server.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.LlmName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a request's body makes it a part of a conversation, and which member is found by it. */
class PrefixesTest {
    private static final LlmName ONE = new LlmName("one");
    private static final LlmName TWO = new LlmName("two");
    private static final String HI = "{\"role\":\"user\",\"content\":\"hi\"}";
    private static final String HELLO = "{\"role\":\"assistant\",\"content\":\"hello\"}";
    private static final String WELL = "{\"role\":\"user\",\"content\":\"well?\"}";
    private static final String RULES = "{\"role\":\"system\",\"content\":\"be brief\"}";

    private final Affinity affinity = new Affinity();

    private static Prefixes of(String body) {
        return of(body, 7);
    }

    private static Prefixes of(String body, long seed) {
        return Prefixes.of(
                ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer(), "application/json", seed);
    }

    private static String chat(String... messages) {
        return "{\"model\":\"m\",\"messages\":[" + String.join(",", messages) + "],\"stream\":true}";
    }

    @Test
    void theNextRequestOfAConversationIsKnownByThePartThatWasSaidBefore() {
        affinity.remember(of(chat(HI)), ONE);
        assertThat(affinity.find(of(chat(HI, HELLO, WELL)))).isEqualTo(ONE);
        affinity.remember(of(chat(HI, HELLO, WELL)), TWO);
        assertThat(affinity.find(of(chat(HI, HELLO, WELL, HELLO, HI)))).isEqualTo(TWO);
        assertThat(affinity.find(of(chat(HI, HELLO, RULES))))
                .as("another way on, from its beginning")
                .isEqualTo(TWO);
    }

    @Test
    void theSameInstructionsOrTheSameFirstWordsAreNoConversation() {
        affinity.remember(of(chat(RULES, HI)), ONE);
        assertThat(affinity.find(of(chat(RULES, WELL)))).isNull();
        assertThat(affinity.find(of(chat(RULES, HI)))).isNull();
        assertThat(affinity.find(of(chat(RULES)))).isNull();
        assertThat(affinity.find(of(chat(HI, HELLO, WELL)))).isNull();
    }

    @Test
    void theOrderOfTheBodyItsSpacesAndItsOtherFieldsAreOfNoAccount() {
        affinity.remember(of(chat(HI)), ONE);
        String spaced =
                "{ \"temperature\" : 0.3 , \"tools\":[{\"messages\":[1]}],\n\"messages\" : [ { \"role\" : \"user\" ,\"content\" :"
                        + "\"h\\u0069\", \"cache_control\": {\"type\": \"ephemeral\"} } , " + HELLO + "," + WELL
                        + " ] }";
        assertThat(affinity.find(of(spaced))).isEqualTo(ONE);
    }

    @Test
    void instructionsBesideTheMessagesCountWhereverTheyStand() {
        String before = "{\"system\":\"be brief\",\"messages\":[" + HI + "]}";
        affinity.remember(of(before), ONE);
        String after = "{\"messages\":[" + HI + "," + HELLO + "," + WELL + "],\"system\":";
        assertThat(affinity.find(of(after + "\"be brief\"}"))).isEqualTo(ONE);
        assertThat(affinity.find(of(after + "\"be long\"}"))).isNull();
        assertThat(affinity.find(of(chat(HI, HELLO, WELL)))).isNull();
    }

    @Test
    void aListOfInputsIsOneToo() {
        affinity.remember(of("{\"input\":[" + HI + "]}"), ONE);
        assertThat(affinity.find(of("{\"input\":[" + HI + "," + HELLO + "," + WELL + "],\"stream\":false}")))
                .isEqualTo(ONE);
    }

    @Test
    void aTextThatGrowsIsKnownByItsWholePieces() {
        String story = "once upon a time ".repeat(100);
        affinity.remember(of("{\"prompt\":\"" + story + "\"}"), ONE);
        assertThat(affinity.find(of("{\"prompt\":\"" + story + story + "\"}"))).isEqualTo(ONE);
        assertThat(affinity.find(of("{\"prompt\":\"x" + story + story + "\"}"))).isNull();
        assertThat(of("{\"prompt\":\"short\"}").isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[]",
                "12",
                "no json",
                "{\"messages\":[]}",
                "{\"messages\":{\"a\":1}}",
                "{\"messages\":[{\"role\":\"us",
                "{\"messages\":null}",
                "{\"prompt\":17}"
            })
    void whereThereIsNoneNothingIsRememberedAndNothingFound(String body) {
        Prefixes none = of(body);
        assertThat(none.isEmpty()).isTrue();
        affinity.remember(none, ONE);
        assertThat(affinity.size()).isZero();
        assertThat(affinity.find(none)).isNull();
    }

    @Test
    void whatIsNotJsonIsNotLookedAt() {
        ByteBuffer body = ByteBuffer.wrap(chat(HI).getBytes(StandardCharsets.UTF_8));
        assertThat(Prefixes.of(body, "multipart/form-data", 7).isEmpty()).isTrue();
        assertThat(Prefixes.of(body, "Application/JSON; charset=utf-8", 7).isEmpty())
                .isFalse();
        assertThat(body.position()).as("the body is as it was").isZero();
    }

    @Test
    void eachProcessAndEachPoolHasHashesOfItsOwn() {
        affinity.remember(of(chat(HI), 7), ONE);
        assertThat(affinity.find(of(chat(HI, HELLO, WELL), 8))).isNull();
    }

    @Test
    void ofALongOneItsBeginningIsEnough() {
        String[] many = new String[3 * Prefixes.MOST_MESSAGES];
        java.util.Arrays.setAll(many, i -> "{\"role\":\"user\",\"content\":\"" + i + "\"}");
        affinity.remember(of(chat(many)), ONE);
        String[] more = java.util.Arrays.copyOf(many, many.length + 1);
        more[many.length] = WELL;
        assertThat(affinity.find(of(chat(more)))).isEqualTo(ONE);
        assertThat(of(chat(more)).before()).hasSize(Prefixes.MOST_MESSAGES);

        String image = "{\"role\":\"user\",\"content\":\"" + "QUJD".repeat(Prefixes.MOST_BYTES) + "\"}";
        affinity.remember(of(chat(RULES, HI, image)), TWO);
        assertThat(affinity.find(of(chat(RULES, HI, image, HELLO, WELL)))).isEqualTo(TWO);
    }

    @Test
    void theOnesThatNobodyAsksAboutAreForgottenFirst() {
        affinity.remember(of(chat(HI)), ONE);
        affinity.remember(of(chat(WELL)), TWO);
        for (int i = 0; i < Affinity.MOST - 1; i++) {
            if (i == Affinity.MOST / 2) {
                assertThat(affinity.find(of(chat(HI, HELLO, WELL)))).isEqualTo(ONE);
            }
            affinity.remember(of(chat("{\"content\":" + i + "}")), TWO);
        }
        assertThat(affinity.size()).isEqualTo(Affinity.MOST);
        assertThat(affinity.find(of(chat(HI, HELLO, WELL)))).isEqualTo(ONE);
        assertThat(affinity.find(of(chat(WELL, HELLO, HI)))).isNull();
    }
}
