package dormouse.cli;

import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The person's file, {@code ~/.config/dormouse/config.yaml}: {@code server}, {@code token} or {@code tokenFile},
 * {@code tls} (true, or {@code ca}, {@code cert}, {@code key}) and {@code insecure}. Paths are relative to its folder.
 */
record ClientConfig(
        Path file,
        @Nullable String server,
        @Nullable String token,
        @Nullable Path tokenFile,
        boolean tls,
        @Nullable Path ca,
        @Nullable Path cert,
        @Nullable Path key,
        boolean insecure) {

    /** Without a file nothing is set. */
    static ClientConfig read(Map<String, String> env) {
        Path home = Path.of(env.getOrDefault("HOME", System.getProperty("user.home", "/")));
        String configHome = env.getOrDefault("XDG_CONFIG_HOME", "");
        Path folder = (configHome.isEmpty() ? home.resolve(".config") : home.resolve(configHome)).resolve("dormouse");
        Path file = folder.resolve("config.yaml");
        try {
            return Files.exists(file) ? read(file, folder, home, env) : none(file);
        } catch (SettingsException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        }
    }

    private static ClientConfig none(Path file) {
        return new ClientConfig(file, null, null, null, false, null, null, null, false);
    }

    private static ClientConfig read(Path file, Path folder, Path home, Map<String, String> env) {
        Settings config = Settings.read(file, env);
        boolean scalar = config.isScalar("tls");
        Settings tls = scalar ? Settings.empty(file.toString()) : config.section("tls");
        ClientConfig read = new ClientConfig(
                file,
                config.textOrNull("server"),
                config.textOrNull("token"),
                path(home, folder, config.textOrNull("tokenFile")),
                scalar ? config.flag("tls", false) : config.has("tls"),
                path(home, folder, tls.textOrNull("ca")),
                path(home, folder, tls.textOrNull("cert")),
                path(home, folder, tls.textOrNull("key")),
                config.flag("insecure", false));
        config.rejectUnknown();
        return read;
    }

    private static @Nullable Path path(Path home, Path folder, @Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        return text.startsWith("~/") ? home.resolve(text.substring(2)) : folder.resolve(text);
    }

    /** The token, read from its file where the config names one. */
    @Nullable
    String secret() {
        if (token != null || tokenFile == null) {
            return token;
        }
        try {
            return Files.readString(tokenFile).strip();
        } catch (IOException e) {
            throw Failure.usage(file + ": tokenFile: " + tokenFile + " cannot be read");
        }
    }
}
