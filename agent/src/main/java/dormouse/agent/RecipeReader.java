package dormouse.agent;

import dormouse.settings.Settings;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code wake} and {@code sleep} of one Llm: what the publisher has written down, or a ready-made recipe.
 *
 * @param usual the kind whose recipes are meant where a section has none of its own; null: none
 */
record RecipeReader(
        URI url,
        String model,
        @Nullable Secret apiKey,
        @Nullable BackendType usual) {
    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}");
    private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    /** What a recipe that is written down has, and a ready-made one knows by itself. */
    private static final List<String> WRITTEN =
            List.of("type", "url", "method", "headers", "body", "command", "args", "mac", "broadcast", "port");

    private enum RecipeType {
        HTTP,
        COMMAND,
        WOL
    }

    /** The kinds that have ready-made recipes. */
    private enum Kind {
        OLLAMA(BackendType.OLLAMA),
        LLAMA_CPP(BackendType.LLAMA_CPP),
        LMSTUDIO(BackendType.LMSTUDIO),
        VLLM(BackendType.VLLM);

        private final BackendType type;

        Kind(BackendType type) {
            this.type = type;
        }

        @Override
        public String toString() {
            return type.toString();
        }
    }

    /** The value of {@code recipe}, in a section or of the Llm as a whole; null where there is none. */
    static @Nullable BackendType readyMade(Settings settings) {
        return settings.has("recipe") ? settings.choice("recipe", Kind.OLLAMA).type : null;
    }

    /** @param present whether the section was written at all */
    @Nullable
    Recipe read(Settings section, boolean present, Recipe.ReadyMade.Action action) {
        BackendType own = readyMade(section);
        if (own != null) {
            for (String key : WRITTEN) {
                if (section.has(key)) {
                    throw section.wrong(key, "does not go with recipe: " + own + ", which is complete");
                }
            }
        }
        boolean written = own == null && WRITTEN.stream().anyMatch(section::has);
        BackendType kind = own != null ? own : usual;
        if (written || (present && kind == null)) {
            return written(section);
        }
        return kind == null ? null : Recipe.ReadyMade.of(kind, action, url, model, apiKey);
    }

    private static Recipe written(Settings recipe) {
        return switch (recipe.choice("type", RecipeType.HTTP)) {
            case HTTP -> httpRecipe(recipe);
            case COMMAND -> new Recipe.Command(recipe.required("command"), recipe.textList("args"));
            case WOL -> wakeOnLan(recipe);
        };
    }

    private static Recipe httpRecipe(Settings recipe) {
        URI url = LlmConfigReader.http(recipe.required("url"));
        if (url == null) {
            throw recipe.wrong("url", "an http:// or https:// URL");
        }
        String method = recipe.text("method", "POST").toUpperCase(Locale.ROOT);
        if (!method.matches("[A-Z]{1,20}")) {
            throw recipe.wrong("method", "an HTTP method, for instance POST");
        }
        Map<String, String> headers = new LinkedHashMap<>();
        recipe.textMap("headers").forEach((name, value) -> {
            if (!HEADER_NAME.matcher(name).matches() || !LlmConfigReader.isHeaderValue(value)) {
                throw recipe.wrong("headers", "names and values of HTTP headers, each of one line");
            }
            headers.put(name, value);
        });
        String body = recipe.text("body", "");
        if (!body.isEmpty() && headers.keySet().stream().noneMatch("content-type"::equalsIgnoreCase)) {
            headers.put("content-type", "application/json");
        }
        return new Recipe.Http(url, method, headers, body);
    }

    private static Recipe wakeOnLan(Settings recipe) {
        String mac = recipe.required("mac");
        if (!MAC.matcher(mac).matches()) {
            throw recipe.wrong("mac", "a hardware address is written aa:bb:cc:dd:ee:ff");
        }
        return new Recipe.WakeOnLan(
                mac, recipe.text("broadcast", "255.255.255.255"), recipe.integer("port", 9, 1, 65_535));
    }
}
