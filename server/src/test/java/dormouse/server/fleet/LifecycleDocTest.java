package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code docs/lifecycle.md} says what {@link Transitions} does. With {@code -Ddocs.write=true} it is made to. */
class LifecycleDocTest {
    private static final Path FILE = Path.of("..", "docs", "lifecycle.md");
    private static final String COMMAND = "mvn -pl server -am test -Dtest=LifecycleDocTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.write=true";

    @Test
    void theDiagramAndTheTableAreThoseOfTheProgram() throws IOException {
        String present = Files.readString(FILE);
        String due =
                replace(replace(present, "diagram", LifecycleDrawing.diagram()), "table", LifecycleDrawing.table());
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(FILE, due);
            return;
        }
        assertThat(present)
                .as("docs/lifecycle.md is stale; this brings it up to date: " + COMMAND)
                .isEqualTo(due);
    }

    @ParameterizedTest
    @EnumSource(LlmState.class)
    void everyStateIsExplained(LlmState state) throws IOException {
        String status = state == LlmState.ABSENT ? "–" : state.status().name();
        assertThat(Files.readString(FILE)).contains("\n| `" + state + "` | " + status + " |");
    }

    /** Puts {@code made} between the marks of that name. */
    private static String replace(String text, String name, String made) {
        String begin = "<!-- " + name + ": made from Transitions by LifecycleDocTest -->\n";
        String end = "<!-- end of " + name + " -->\n";
        int from = text.indexOf(begin);
        int to = text.indexOf(end);
        assertThat(from).as("the mark before the " + name).isNotNegative();
        assertThat(to).as("the mark after the " + name).isGreaterThan(from);
        return text.substring(0, from + begin.length()) + made + text.substring(to);
    }
}
