package dormouse.agent;

import dormouse.settings.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads one entry of {@code llms}. Stateless. */
final class LlmConfigReader {
    private static final int LARGEST_CONCURRENCY = 1024;
    private static final int DAY_SECONDS = 86_400;
    private static final int DEFAULT_MAX_WAIT_SECONDS = 60;
    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}");
    private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

    private enum RecipeType {
        HTTP,
        COMMAND,
        WOL
    }

    private LlmConfigReader() {}

    static LlmConfig read(Settings llm) {
        String name = llm.required("name");
        if (!LlmConfig.NAME.matcher(name).matches()) {
            throw llm.wrong("name", LlmConfig.NAME_RULE);
        }
        URI url = baseUrl(llm);
        String pool = llm.text("pool", "");
        if (!pool.isEmpty() && !LlmConfig.NAME.matcher(pool).matches()) {
            throw llm.wrong("pool", LlmConfig.NAME_RULE);
        }
        String apiKey = llm.textOrNull("apiKey");
        if (apiKey != null && !isHeaderValue(apiKey)) {
            throw llm.wrong("apiKey", "a key is one line of printable characters");
        }
        LlmConfig.Wake wake = llm.has("wake") ? wake(llm.section("wake")) : null;
        LlmConfig.Sleep sleep = llm.has("sleep") ? sleep(llm.section("sleep")) : null;
        if (sleep != null && wake == null) {
            throw llm.wrong("sleep", "what is put to sleep must be woken: give it a wake recipe too");
        }
        return new LlmConfig(
                name,
                url,
                llm.text("model", name),
                llm.choice("type", BackendType.OPENAI),
                apiKey == null || apiKey.isEmpty() ? null : new Secret(apiKey),
                pool,
                llm.integer("concurrency", 4, 1, LARGEST_CONCURRENCY),
                llm.textMap("labels"),
                available(llm.section("available"), url),
                wake,
                sleep,
                llm.has("policy") ? policy(llm.section("policy")) : null);
    }

    private static URI baseUrl(Settings llm) {
        String text = llm.required("url");
        URI url = http(text);
        if (url == null || url.getRawQuery() != null || url.getRawFragment() != null || url.getRawUserInfo() != null) {
            throw llm.wrong("url", "a base URL is http://HOST:PORT/PATH or https://…, without a query");
        }
        return text.endsWith("/") ? URI.create(text.replaceAll("/+$", "")) : url;
    }

    private static LlmConfig.Available available(Settings available, URI base) {
        String text = available.textOrNull("url");
        URI url = null;
        if (text != null) {
            url = text.contains("://") ? http(text) : http(base + (text.startsWith("/") ? "" : "/") + text);
            if (url == null) {
                throw available.wrong("url", "a path below the Llm's url, or a whole http:// or https:// URL");
            }
        }
        return new LlmConfig.Available(url, seconds(available, "timeoutSeconds", 2, 60));
    }

    private static LlmConfig.Wake wake(Settings wake) {
        return new LlmConfig.Wake(recipe(wake), seconds(wake, "maxWaitSeconds", DEFAULT_MAX_WAIT_SECONDS, DAY_SECONDS));
    }

    private static LlmConfig.Sleep sleep(Settings sleep) {
        return new LlmConfig.Sleep(
                recipe(sleep),
                seconds(sleep, "maxWaitSeconds", DEFAULT_MAX_WAIT_SECONDS, DAY_SECONDS),
                sleep.has("idleAfterSeconds") ? seconds(sleep, "idleAfterSeconds", 600, 30 * DAY_SECONDS) : null);
    }

    private static Recipe recipe(Settings recipe) {
        return switch (recipe.choice("type", RecipeType.HTTP)) {
            case HTTP -> httpRecipe(recipe);
            case COMMAND -> new Recipe.Command(recipe.required("command"), recipe.textList("args"));
            case WOL -> wakeOnLan(recipe);
        };
    }

    private static Recipe httpRecipe(Settings recipe) {
        URI url = http(recipe.required("url"));
        if (url == null) {
            throw recipe.wrong("url", "an http:// or https:// URL");
        }
        String method = recipe.text("method", "POST").toUpperCase(Locale.ROOT);
        if (!method.matches("[A-Z]{1,20}")) {
            throw recipe.wrong("method", "an HTTP method, for instance POST");
        }
        Map<String, String> headers = new LinkedHashMap<>();
        recipe.textMap("headers").forEach((name, value) -> {
            if (!HEADER_NAME.matcher(name).matches() || !isHeaderValue(value)) {
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

    private static LlmConfig.Policy policy(Settings policy) {
        String text = policy.textOrNull("quietHours");
        QuietHours quietHours = text == null || text.isEmpty() ? null : QuietHours.parse(text);
        if (quietHours == null && text != null && !text.isEmpty()) {
            throw policy.wrong(
                    "quietHours", "quiet hours are written 23:00-07:00, and end at another time than they begin");
        }
        return new LlmConfig.Policy(
                quietHours, policy.has("maxWakesPerHour") ? policy.integer("maxWakesPerHour", 1, 1, 3600) : 0);
    }

    private static Duration seconds(Settings settings, String key, int fallback, int max) {
        return Duration.ofSeconds(settings.integer(key, fallback, 1, max));
    }

    private static @Nullable URI http(String text) {
        try {
            URI url = new URI(text);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            return http && url.getHost() != null && url.getPort() <= 65_535 ? url : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static boolean isHeaderValue(String value) {
        return value.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    }
}
