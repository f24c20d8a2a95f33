package dormouse.agent;

import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The agent's file: whatever stands in it, it is a configuration, or a complaint of one line. */
public final class AgentConfigTarget {
    private static final Path HOME = Path.of("/nonexistent/home");

    private AgentConfigTarget() {}

    public static List<byte[]> seeds() {
        try {
            Path root = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                    .toAbsolutePath();
            while (!Files.exists(root.resolve("examples/agent.yaml"))) {
                root = root.getParent();
            }
            return List.of(
                    Files.readAllBytes(root.resolve("examples/agent.yaml")),
                    ("server: a:1,[::1]:2\ninsecure: true\ntoken: ${T}\nllms:\n  - name: q\n    url: http://localhost:1/v1\n"
                                    + "    wake: {type: wol, mac: aa:bb:cc:dd:ee:ff}\n"
                                    + "    policy: {quietHours: \"23:00-07:00\", maxWakesPerHour: 12}\n")
                            .getBytes(StandardCharsets.UTF_8),
                    "discover: true\nname: \"x\"\n".getBytes(StandardCharsets.UTF_8),
                    "llms: [{name: a, url: 'http://h/v1', labels: {gpu: x}, sleep: {type: command, command: ls, args: [a, b]}}]"
                            .getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        try {
            AgentConfigReader.read(
                    Settings.parse(
                            "agent.yaml",
                            new String(input, StandardCharsets.UTF_8),
                            Map.of("T", "x", "DORMOUSE_TOKEN", "t")),
                    HOME);
        } catch (SettingsException e) {
            String said = String.valueOf(e.getMessage());
            if (!said.contains("agent.yaml") || said.lines().count() != 1) {
                throw new AssertionError("not one line that names the place: " + said, e);
            }
        }
    }
}
