package dormouse.agent;

import dormouse.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration comes from: a file or none, with the environment over it and the flags over both. Stateless.
 *
 * @param file null: none, so that the agent would discover
 */
record ConfigSource(@Nullable Path file, List<Arguments.Assignment> flags, Map<String, String> env, Path home) {
    static final String ENVIRONMENT = "DORMOUSE_AGENT_";

    /** The file that was asked for, or the default one where it exists. */
    static ConfigSource of(Arguments arguments, Map<String, String> env, Path home) {
        Path file = arguments.config();
        if (file == null) {
            Path usual = home.resolve(".config/dormouse/agent.yaml");
            file = Files.exists(usual) ? usual : null;
        }
        return new ConfigSource(file, arguments.settings(), env, home);
    }

    /** @throws dormouse.settings.SettingsException where something is wrong */
    AgentConfig read() {
        Settings settings = file == null ? Settings.empty("no file") : Settings.read(file, env);
        settings.environment(ENVIRONMENT, env);
        for (Arguments.Assignment flag : flags) {
            settings.set(flag.key(), flag.value(), "--set");
        }
        return AgentConfigReader.read(settings, home);
    }
}
