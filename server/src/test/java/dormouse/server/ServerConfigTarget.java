package dormouse.server;

import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The server's file: whatever stands in it, it is a configuration, or a complaint of one line. */
public final class ServerConfigTarget {
    private ServerConfigTarget() {}

    public static List<byte[]> seeds() {
        try {
            Path root = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                    .toAbsolutePath();
            while (!Files.exists(root.resolve("examples/server.yaml"))) {
                root = root.getParent();
            }
            return List.of(
                    Files.readAllBytes(root.resolve("examples/server.yaml")),
                    ("grpc: {address: \"127.0.0.1:7700\"}\nlifecycle: {heartbeatTimeout: 2s}\nlimits: {requestBytes: 32MiB}\n"
                                    + "llms: [{name: a, url: 'http://localhost:1/v1', model: m, keyEnv: DORMOUSE_KEY_A}]\n")
                            .getBytes(StandardCharsets.UTF_8),
                    "database: {url: \"jdbc:postgresql://h/d\", user: ${U}, password: $$}\n"
                            .getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        try {
            ServerConfig.of(Settings.parse("server.yaml", new String(input, StandardCharsets.UTF_8), Map.of("U", "x")));
        } catch (SettingsException e) {
            String said = String.valueOf(e.getMessage());
            if (said.isBlank() || said.lines().count() != 1) {
                throw new AssertionError("not one line: " + said, e);
            }
        }
    }
}
