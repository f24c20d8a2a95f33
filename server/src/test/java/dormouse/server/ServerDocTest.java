package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/server.md} says of every key what the program does. */
class ServerDocTest {
    private static final Pattern ROW = Pattern.compile("\\| `([a-zA-Z.]+)` \\| `([^`]+)` \\|.*");

    private static List<Matcher> rows() throws IOException {
        List<Matcher> rows = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("../docs/server.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void theDefaultsAreThoseOfTheDocument() throws IOException {
        ServerConfig defaults = ServerConfig.of(Settings.empty("defaults"));
        assertThat(rows())
                .hasSizeGreaterThan(20)
                .allSatisfy(row -> assertThat(ServerConfig.of(
                                Settings.empty("docs").set(row.group(1), row.group(2), "docs/server.md")))
                        .isEqualTo(defaults));
    }

    @Test
    void everyKeyOfTheExampleIsInTheDocument() throws IOException {
        String document = Files.readString(Path.of("../docs/server.md"));
        String section = "";
        for (String line : Files.readAllLines(Path.of("../examples/server.yaml"))) {
            Matcher key = Pattern.compile("^( *)([a-zA-Z]+):.*").matcher(line);
            if (key.matches()) {
                section = key.group(1).isEmpty() ? key.group(2) : section;
                assertThat(document).contains("`" + section + (key.group(1).isEmpty() ? "" : "." + key.group(2)));
            }
        }
    }
}
