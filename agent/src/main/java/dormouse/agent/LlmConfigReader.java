package dormouse.agent;

import dormouse.settings.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads one entry of {@code llms}. Stateless. */
final class LlmConfigReader {
    private static final int LARGEST_CONCURRENCY = 1024;
    private static final int DAY_SECONDS = 86_400;
    private static final int DEFAULT_MAX_WAIT_SECONDS = 60;

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
        String model = llm.text("model", name);
        Secret key = apiKey == null || apiKey.isEmpty() ? null : new Secret(apiKey);
        RecipeReader recipes = new RecipeReader(url, model, key, RecipeReader.readyMade(llm));
        LlmConfig.Wake wake = wake(llm, recipes);
        LlmConfig.Sleep sleep = sleep(llm, recipes);
        if (sleep != null && wake == null) {
            throw llm.wrong("sleep", "what is put to sleep must be woken: give it a wake recipe too");
        }
        return new LlmConfig(
                name,
                url,
                model,
                llm.choice("type", usualType(recipes, wake)),
                key,
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

    private static LlmConfig.@Nullable Wake wake(Settings llm, RecipeReader recipes) {
        Settings wake = llm.section("wake");
        Recipe recipe = recipes.read(wake, llm.has("wake"), Recipe.ReadyMade.Action.WAKE);
        return recipe == null
                ? null
                : new LlmConfig.Wake(recipe, seconds(wake, "maxWaitSeconds", DEFAULT_MAX_WAIT_SECONDS, DAY_SECONDS));
    }

    private static LlmConfig.@Nullable Sleep sleep(Settings llm, RecipeReader recipes) {
        Settings sleep = llm.section("sleep");
        Recipe recipe = recipes.read(sleep, llm.has("sleep"), Recipe.ReadyMade.Action.SLEEP);
        return recipe == null
                ? null
                : new LlmConfig.Sleep(
                        recipe,
                        seconds(sleep, "maxWaitSeconds", DEFAULT_MAX_WAIT_SECONDS, DAY_SECONDS),
                        sleep.has("idleAfterSeconds")
                                ? seconds(sleep, "idleAfterSeconds", 600, 30 * DAY_SECONDS)
                                : null);
    }

    /** Who gives the ready-made recipe of a kind has said of which kind the backend is. */
    private static BackendType usualType(RecipeReader recipes, LlmConfig.@Nullable Wake wake) {
        if (recipes.usual() != null) {
            return recipes.usual();
        }
        return wake != null && wake.recipe() instanceof Recipe.ReadyMade made ? made.kind() : BackendType.OPENAI;
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

    static @Nullable URI http(String text) {
        try {
            URI url = new URI(text);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            return http && url.getHost() != null && url.getPort() <= 65_535 ? url : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    static boolean isHeaderValue(String value) {
        return value.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    }
}
