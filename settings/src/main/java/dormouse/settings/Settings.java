package dormouse.settings;

import dormouse.settings.Value.Entry;
import dormouse.settings.Value.Mapping;
import dormouse.settings.Value.Scalar;
import dormouse.settings.Value.Sequence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of a settings file, with the place of every value. Reading a key marks it as known, so that
 * {@link #rejectUnknown} can refuse the keys that nobody read: the readers are the only list of keys.
 *
 * <p>A key that has nothing written after it ({@code key:}, {@code ~}, {@code null}) counts as absent.
 * {@link #set} and {@link #environment} come before the first read. For one thread.
 */
public final class Settings {
    private static final Pattern SECRET = Pattern.compile("(?i).*(token|password|secret|apiKey|keyEnv|keyFile)");

    private final Mapping mapping;
    private final String path;
    private Environment environment;
    private final Set<String> known = new TreeSet<>();
    private final Map<String, Settings> sections = new HashMap<>();
    private final Map<String, List<Settings>> lists = new HashMap<>();

    private Settings(Mapping mapping, String path, Environment environment) {
        this.mapping = mapping;
        this.path = path;
        this.environment = environment;
    }

    /**
     * Reads a file of UTF-8 text. {@code ${VAR}} in any scalar is replaced from {@code env}; {@code $$} is a dollar.
     *
     * @throws SettingsException where the file cannot be read, is not YAML, sets a key twice, or names a variable that
     *     is not set
     */
    public static Settings read(Path file, Map<String, String> env) {
        return parse(file.toString(), YamlReader.textOf(file), env);
    }

    /** The same for text that is already at hand; {@code sourceName} stands for the file in errors. */
    public static Settings parse(String sourceName, String yaml, Map<String, String> env) {
        return new Settings(YamlReader.file(sourceName, yaml, new Variables(env)), "", Environment.NONE);
    }

    /** No file: what flags and the environment set is all there is. */
    public static Settings empty(String sourceName) {
        return new Settings(new Mapping(new LinkedHashMap<>(), new Place(sourceName, 0)), "", Environment.NONE);
    }

    /**
     * Sets one key, over all else. An empty value makes the key absent.
     *
     * @param dottedKey {@code lifecycle.heartbeatTimeout}; lists are set as a whole
     * @param value a flow collection or quoted text ({@code [a, b]}, {@code {a: 1}}, {@code "x"}), else plain text
     * @param source what errors name, for instance {@code --set}
     */
    public Settings set(String dottedKey, String value, String source) {
        Flag.put(mapping, dottedKey, value, source);
        return this;
    }

    /**
     * Lets environment variables stand for keys, below {@link #set} and above the file:
     * {@code DORMOUSE_LIFECYCLE_HEARTBEATTIMEOUT} for {@code lifecycle.heartbeatTimeout}, in any case of letters.
     * Values are written as for {@link #set}. Variables that match no key are ignored.
     */
    public Settings environment(String prefix, Map<String, String> env) {
        environment = new Environment(prefix, env);
        return this;
    }

    public boolean has(String key) {
        Value value = find(key);
        return value != null && !value.isNothing();
    }

    /** True for a value that is neither a mapping nor a list: {@code tls: true} as against {@code tls: {ca: …}}. */
    public boolean isScalar(String key) {
        return has(key) && find(key) instanceof Scalar;
    }

    /** Empty when absent. */
    public Settings section(String key) {
        known.add(key);
        return sections.computeIfAbsent(key, k -> {
            Entry entry = mapping.entries().get(k);
            Place place = entry == null ? mapping.place() : entry.place();
            Value value = entry == null ? null : entry.value();
            if (value instanceof Mapping section) {
                return new Settings(new Mapping(section.entries(), place), pathOf(k), environment);
            }
            if (value == null || value.isNothing()) {
                return new Settings(new Mapping(new LinkedHashMap<>(), place), pathOf(k), environment);
            }
            throw wrong(k, "is not a mapping (key: value)");
        });
    }

    /** The mappings of a list; empty when absent. */
    public List<Settings> list(String key) {
        return lists.computeIfAbsent(key, k -> {
            List<Settings> found = new ArrayList<>();
            for (Value element : elements(k, "is not a list")) {
                String at = pathOf(k) + "[" + found.size() + "]";
                if (!(element instanceof Mapping section)) {
                    throw new SettingsException(
                            element.place(), at + ": " + element.quoted() + " is not a mapping (key: value)");
                }
                found.add(new Settings(section, at, Environment.NONE));
            }
            return List.copyOf(found);
        });
    }

    public String text(String key, String fallback) {
        String text = textOrNull(key);
        return text == null ? fallback : text;
    }

    public @Nullable String textOrNull(String key) {
        Value value = find(key);
        if (value == null) {
            return null;
        }
        if (value instanceof Scalar scalar) {
            return scalar.text();
        }
        throw wrong(key, "where a single value is expected");
    }

    /** Refuses a key that is absent or empty. */
    public String required(String key) {
        String text = textOrNull(key);
        if (text == null || text.isBlank()) {
            throw new SettingsException(mapping.place(), (path.isEmpty() ? "" : path + ": ") + key + " is required");
        }
        return text;
    }

    /** Bounds are inclusive, here and below. */
    public int integer(String key, int fallback, int min, int max) {
        return bounded(key, fallback, min, max, Units::integer, "is not a whole number", String::valueOf);
    }

    public boolean flag(String key, boolean fallback) {
        String text = textOrNull(key);
        if (text == null) {
            return fallback;
        }
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, "is not true or false");
        };
    }

    /** Written {@code 500ms 2s 5m 4h 1d}, or {@code 0}. */
    public Duration duration(String key, Duration fallback, Duration min, Duration max) {
        return bounded(key, fallback, min, max, Units::duration, Units.DURATION_RULE, Units::text);
    }

    /** Written {@code 64KiB 32MiB 1GiB}, or in plain bytes. */
    public long bytes(String key, long fallback, long min, long max) {
        return bounded(key, fallback, min, max, Units::bytes, Units.SIZE_RULE, Units::text);
    }

    /** A constant is written in lower case with {@code -} for {@code _}, or as its {@code toString}. */
    public <E extends Enum<E>> E choice(String key, E fallback) {
        String text = textOrNull(key);
        if (text == null) {
            return fallback;
        }
        E choice = Choice.of(fallback.getDeclaringClass(), text);
        if (choice == null) {
            throw wrong(key, Choice.rule(fallback.getDeclaringClass()));
        }
        return choice;
    }

    /** In the order of the file; empty when absent. */
    public Map<String, String> textMap(String key) {
        Value value = find(key);
        if (value == null || value.isNothing()) {
            return Map.of();
        }
        if (!(value instanceof Mapping entries)) {
            throw wrong(key, "is not a mapping (key: value)");
        }
        Map<String, String> texts = new LinkedHashMap<>();
        entries.entries().forEach((k, entry) -> texts.put(k, entry.value().text(pathOf(key) + "." + k)));
        return Collections.unmodifiableMap(texts);
    }

    /** Empty when absent. */
    public List<String> textList(String key) {
        List<String> texts = new ArrayList<>();
        for (Value element : elements(key, "is not a list ([a, b])")) {
            texts.add(element.text(pathOf(key) + "[" + texts.size() + "]"));
        }
        return List.copyOf(texts);
    }

    /**
     * The error for the value of a key: its place, its full name, what is written there (except for what is called like
     * a secret), and the rule that it breaks.
     */
    public SettingsException wrong(String key, String rule) {
        Value value = find(key);
        if (value == null) {
            return new SettingsException(mapping.place(), pathOf(key) + ": " + rule);
        }
        String shown = SECRET.matcher(key).matches() ? "the value" : value.quoted();
        return new SettingsException(placeOf(key, value), pathOf(key) + ": " + shown + " " + rule);
    }

    /**
     * Refuses the first key, here or in a section or list that was read, that nobody has read. To be called at the root
     * when all has been read.
     */
    public void rejectUnknown() {
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                String hint = Nearest.hint(key, known);
                throw new SettingsException(entry.place(), pathOf(key) + ": unknown key" + hint);
            }
            if (sections.containsKey(key)) {
                section(key).rejectUnknown();
            }
            lists.getOrDefault(key, List.of()).forEach(Settings::rejectUnknown);
        });
    }

    private <T extends Comparable<T>> T bounded(
            String key,
            T fallback,
            T min,
            T max,
            Function<String, @Nullable T> parse,
            String rule,
            Function<T, String> show) {
        String text = textOrNull(key);
        if (text == null) {
            return fallback;
        }
        T value = parse.apply(text);
        if (value == null) {
            throw wrong(key, rule);
        }
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw wrong(key, "is not between " + show.apply(min) + " and " + show.apply(max));
        }
        return value;
    }

    private List<Value> elements(String key, String rule) {
        Value value = find(key);
        if (value == null || value.isNothing()) {
            return List.of();
        }
        if (value instanceof Sequence sequence) {
            return sequence.elements();
        }
        throw wrong(key, rule);
    }

    private @Nullable Value find(String key) {
        known.add(key);
        Entry entry = mapping.entries().get(key);
        if (entry != null && entry.flag()) {
            return entry.value();
        }
        Value override = environment.find(pathOf(key));
        if (override != null) {
            return override;
        }
        return entry == null ? null : entry.value();
    }

    /** Of a scalar its own line, of the rest the line of the key, which is the one to look at. */
    private Place placeOf(String key, Value value) {
        Entry entry = mapping.entries().get(key);
        return entry == null || entry.value() != value || value instanceof Scalar ? value.place() : entry.place();
    }

    private String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
