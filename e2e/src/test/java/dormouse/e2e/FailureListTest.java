package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** docs/failures.md names, for each number of the failure list, tests that there are. */
class FailureListTest {
    private static final Pattern LINE = Pattern.compile("\\| (\\d+) \\| (.+) \\| (.+) \\|");
    private static final Pattern NAME = Pattern.compile("`([A-Za-z0-9]+Test)`");
    /** What belongs to replicas, of which there is one so far. */
    private static final Set<Integer> TO_COME = Set.of(26);

    private final Map<Integer, Set<String>> named = new TreeMap<>();
    private final Map<Integer, String> cells = new TreeMap<>();

    @BeforeEach
    void read() throws IOException {
        for (String line : Files.readAllLines(Program.root().resolve("docs/failures.md"))) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                int number = Integer.parseInt(matcher.group(1));
                assertThat(cells.put(number, matcher.group(3)))
                        .as("%d is there once", number)
                        .isNull();
                named.put(
                        number,
                        NAME.matcher(matcher.group(3))
                                .results()
                                .map(name -> name.group(1))
                                .collect(Collectors.toSet()));
            }
        }
    }

    private static Set<String> testClasses() throws IOException {
        Set<String> classes = new HashSet<>();
        try (Stream<Path> modules = Files.list(Program.root())) {
            for (Path module : modules.filter(each -> Files.isDirectory(each.resolve("src/test/java")))
                    .toList()) {
                try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
                    files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith("Test.java"))
                            .forEach(name -> classes.add(name.substring(0, name.length() - ".java".length())));
                }
            }
        }
        return classes;
    }

    @Test
    void everyNumberIsThere() {
        assertThat(named.keySet())
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 28).boxed().toList());
    }

    @Test
    void everyNumberHasATestOrSaysThatItIsToCome() {
        named.forEach((number, tests) -> {
            if (TO_COME.contains(number)) {
                assertThat(tests.isEmpty())
                        .as("%d", number)
                        .isEqualTo(cells.get(number).startsWith("to come"));
            } else {
                assertThat(tests).as("tests of %d", number).isNotEmpty();
            }
        });
    }

    @Test
    void everyTestThatIsNamedIsThere() throws IOException {
        List<String> missing =
                named.values().stream().flatMap(Set::stream).distinct().sorted().collect(Collectors.toList());
        missing.removeAll(testClasses());
        assertThat(missing)
                .as("tests that docs/failures.md names and nobody has")
                .isEmpty();
    }
}
