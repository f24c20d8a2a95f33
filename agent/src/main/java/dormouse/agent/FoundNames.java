package dormouse.agent;

import dormouse.agent.Sighting.Find;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Llms of what was found beside the file: under the model's own name, as far as an Llm can be called so, and where
 * two are called alike, under one that says by which server. A model keeps its name for as long as the agent lives,
 * where that is still free. On the loop alone.
 */
final class FoundNames {
    /** Of all Llms of one agent: the server takes no more. */
    static final int MOST_LLMS = 1000;

    private static final Logger log = LoggerFactory.getLogger(FoundNames.class);
    private static final int REMEMBERED = 10_000;
    private static final Pattern PATH = Pattern.compile("([/.~\\\\]|[A-Za-z]:[/\\\\]).*|.*\\\\.*|.*\\.gguf");
    private static final Pattern LOCAL = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|0\\.0\\.0\\.0");
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final Duration MAX_WAIT = Duration.ofSeconds(60);

    private final Map<Find, String> names = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Find, String> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Set<String> said = new HashSet<>();

    /** The Llms to publish beside those of the file, without what these are. */
    List<LlmConfig> llms(List<Find> finds, List<LlmConfig> listed) {
        Set<String> taken = new HashSet<>();
        listed.forEach(llm -> {
            taken.add(llm.name());
            taken.add(llm.pool());
        });
        List<Find> wanted = finds.stream()
                .filter(find -> listed.stream().noneMatch(llm -> is(llm, find)))
                .toList();
        Map<Find, String> given = new LinkedHashMap<>();
        for (Find find : wanted) {
            String known = names.get(key(find));
            if (known != null && taken.add(known)) {
                given.put(find, known);
            }
        }
        List<LlmConfig> llms = new ArrayList<>();
        for (Find find : wanted) {
            String name = given.containsKey(find) ? given.get(find) : name(find, taken);
            if (name == null) {
                sayOnce("model found that cannot be named, and is not published", find);
            } else if (listed.size() + llms.size() >= MOST_LLMS) {
                sayOnce("more models found than an agent can publish; left out", find);
            } else {
                taken.add(name);
                names.put(key(find), name);
                llms.add(llm(find, name));
            }
        }
        return llms;
    }

    private static @Nullable String name(Find find, Set<String> taken) {
        String plain = plain(find.model());
        if (plain.isEmpty()) {
            return null;
        }
        for (String suffix : List.of("", "-" + find.type(), "-" + find.port())) {
            String name = plain.substring(0, Math.min(plain.length(), 128 - suffix.length())) + suffix;
            if (!taken.contains(name)) {
                return name;
            }
        }
        return null;
    }

    /** A file's path becomes its name, and what cannot stand in a name a dash. */
    static String plain(String model) {
        String name = model;
        if (PATH.matcher(name).matches()) {
            name = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
            name = name.replaceFirst("\\.gguf$", "");
        }
        return name.replaceAll("[^a-zA-Z0-9._:/-]+", "-").replaceAll("^-+|-+$", "");
    }

    /** Whether the file speaks of it already. */
    private static boolean is(LlmConfig llm, Find find) {
        URI url = llm.url();
        return url.getPort() == find.port()
                && LOCAL.matcher(url.getHost()).matches()
                && llm.model().equals(find.model());
    }

    private static LlmConfig llm(Find find, String name) {
        URI url = URI.create("http://127.0.0.1:" + find.port() + "/v1");
        return new LlmConfig(
                name,
                url,
                find.model(),
                find.type(),
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, TIMEOUT),
                find.wakes() ? new LlmConfig.Wake(recipe(find, url, Recipe.ReadyMade.Action.WAKE), MAX_WAIT) : null,
                find.wakes() && find.sleeps()
                        ? new LlmConfig.Sleep(recipe(find, url, Recipe.ReadyMade.Action.SLEEP), MAX_WAIT, null)
                        : null,
                null);
    }

    private static Recipe recipe(Find find, URI url, Recipe.ReadyMade.Action action) {
        return Recipe.ReadyMade.of(find.type(), action, url, find.model(), null);
    }

    /** Which model it is, whatever can be done with it today. */
    private static Find key(Find find) {
        return new Find(find.port(), find.type(), find.model(), false, false);
    }

    private void sayOnce(String what, Find find) {
        if (said.size() < REMEMBERED && said.add(what + find.port() + find.model())) {
            log.warn("{} port={} type={} model=\"{}\"", what, find.port(), find.type(), Failures.oneLine(find.model()));
        }
    }
}
