package dormouse.demo;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells a story out of a small grammar, word by word. It is no language model, and says so in its first sentence: it is
 * there so that the demo needs no download. The same prompt gets the same story.
 */
final class Storyteller implements Model {
    private static final Pattern SLOT = Pattern.compile("\\{(\\w+)}");
    private static final Set<String> PLAIN_WORDS = Set.of(
            "about",
            "after",
            "again",
            "answer",
            "because",
            "does",
            "every",
            "from",
            "have",
            "please",
            "sentence",
            "sentences",
            "short",
            "somebody",
            "story",
            "tell",
            "that",
            "their",
            "them",
            "there",
            "they",
            "this",
            "three",
            "until",
            "very",
            "what",
            "when",
            "where",
            "which",
            "while",
            "with",
            "words",
            "would",
            "write",
            "your");

    private static final Map<String, List<String>> GRAMMAR = Map.of(
            "winter",
                    List.of(
                            "One long winter",
                            "While the frost held",
                            "In the year of the deep snow",
                            "One grey January"),
            "home",
                    List.of(
                            "under the roots of an oak",
                            "in a nest of hazel leaves",
                            "behind a warm server rack",
                            "in a box that once held a graphics card"),
            "mood", List.of("small and drowsy", "old and round", "young and careful", "golden and very quiet"),
            "call",
                    List.of(
                            "a message came down a long thin wire",
                            "somebody far away asked a question",
                            "a soft knock came through the wall",
                            "a lamp blinked twice in the dark"),
            "deed",
                    List.of(
                            "opened one eye, then the other",
                            "stretched until its whiskers shook",
                            "lit a candle and found its spectacles",
                            "counted its hazelnuts and sat up"),
            "reply",
                    List.of(
                            "gave a short answer, and a true one",
                            "told all that it knew, a word at a time",
                            "drew the answer in the frost for all to read",
                            "said what nobody else had stayed to say"),
            "end",
                    List.of(
                            "Then it curled up again, and the snow went on falling.",
                            "Then it slept, and no lamp burned for nobody.",
                            "Then it went back to bed, and the wire grew quiet.",
                            "Then it yawned, and was asleep before the thanks arrived."));

    private static final List<String> STORY = List.of(
            "{winter} a dormouse, {mood}, slept {home}.",
            "It had made up its mind to wake for nobody, unless somebody asked about {topic}.",
            "And then {call}.",
            "The dormouse {deed}, for the word was {topic}.",
            "It {reply}.",
            "{end}");

    private final Duration pace;

    /** @param pace between two words: without it the story would be there at once, and no stream to be seen */
    Storyteller(Duration pace) {
        this.pace = pace;
    }

    @Override
    public String id() {
        return "storyteller";
    }

    @Override
    public Ending answer(ChatPrompt prompt, Sink sink) throws IOException {
        List<String> words = words(tell(prompt.question()));
        int told = Math.min(words.size(), prompt.maxTokens());
        for (String word : words.subList(0, told)) {
            sink.piece(word);
            pause();
        }
        int asked = prompt.messages().stream()
                .mapToInt(message -> words(message.content()).size())
                .sum();
        return new Ending(asked, told, told < words.size() ? "length" : "stop");
    }

    static String tell(String question) {
        SplittableRandom random = new SplittableRandom(question.hashCode());
        String topic = topic(question, random);
        StringBuilder story = new StringBuilder("I am the demo's built-in storyteller, not a language model.");
        for (String sentence : STORY) {
            Matcher slot = SLOT.matcher(sentence);
            String told = slot.replaceAll(match -> fill(match.group(1), topic, random));
            story.append(' ').append(told);
        }
        return story.toString();
    }

    private static String fill(String slot, String topic, SplittableRandom random) {
        List<String> choices = GRAMMAR.getOrDefault(slot, List.of());
        return Matcher.quoteReplacement(choices.isEmpty() ? topic : choices.get(random.nextInt(choices.size())));
    }

    /** A word of the question that may carry its meaning. */
    private static String topic(String question, SplittableRandom random) {
        List<String> words = Arrays.stream(question.toLowerCase(Locale.ROOT).split("[^\\p{L}]+"))
                .filter(word -> word.length() > 3 && word.length() < 24 && !PLAIN_WORDS.contains(word))
                .toList();
        return words.isEmpty() ? "nothing at all" : words.get(random.nextInt(words.size()));
    }

    /** The words, each with the space before it. */
    private static List<String> words(String text) {
        return new ArrayList<>(Arrays.asList(text.strip().split("(?=\\s)")));
    }

    private void pause() throws InterruptedIOException {
        try {
            Thread.sleep(pace.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the server stops");
        }
    }
}
