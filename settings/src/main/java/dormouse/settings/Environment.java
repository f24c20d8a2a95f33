package dormouse.settings;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Environment variables that stand for keys: {@code lifecycle.sweepInterval} is {@code PREFIX_LIFECYCLE_SWEEPINTERVAL}. */
final class Environment {
    static final Environment NONE = new Environment("", Map.of());

    private final String prefix;
    private final TreeMap<String, String> variables = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    Environment(String prefix, Map<String, String> env) {
        this.prefix = prefix.isEmpty() || prefix.endsWith("_") ? prefix : prefix + "_";
        variables.putAll(env);
    }

    @Nullable
    Value find(String path) {
        Map.Entry<String, String> variable = variables.ceilingEntry(prefix + path.replace('.', '_'));
        if (variable == null || !variable.getKey().equalsIgnoreCase(prefix + path.replace('.', '_'))) {
            return null;
        }
        return YamlReader.single(variable.getKey(), variable.getValue(), false);
    }
}
