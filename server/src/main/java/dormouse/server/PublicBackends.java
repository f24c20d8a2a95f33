package dormouse.server;

import dormouse.agent.BackendType;
import dormouse.agent.LlmConfig;
import dormouse.server.fleet.Declaration;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is declared, as an agent serves it: with the backend's key. Any thread; a file with a key may take its time. */
final class PublicBackends {
    private static final Duration PROBE = Duration.ofSeconds(2);

    /** What became of a declaration. */
    sealed interface Backend {}

    /** It can be served like this. */
    record Ready(LlmConfig llm) implements Backend {}

    /** @param why one line that names the field, and is no secret */
    record Unready(String why) implements Backend {}

    private final BackendKeys keys;

    /**
     * @param environment of the process: a variable's value, or null
     * @param keyDir below which the keys' files of what was declared by a call are; null: anywhere
     */
    PublicBackends(Function<String, @Nullable String> environment, @Nullable Path keyDir) {
        this.keys = new BackendKeys(environment, keyDir);
    }

    Backend of(Declaration said) {
        URI url = address(said);
        if (url == null) {
            return new Unready("url: " + Declaration.URL_RULE);
        }
        BackendKeys.Found found = keys.find(said);
        if (found instanceof BackendKeys.Missing missing) {
            return new Unready(missing.why());
        }
        return new Ready(new LlmConfig(
                said.name().value(),
                url,
                said.spec().model(),
                type(said.spec().type()),
                ((BackendKeys.Key) found).secret(),
                said.spec().pool(),
                said.spec().concurrency(),
                said.spec().labels(),
                new LlmConfig.Available(null, PROBE),
                null,
                null,
                null));
    }

    private static BackendType type(String word) {
        for (BackendType type : BackendType.values()) {
            if (type.toString().equals(word)) {
                return type;
            }
        }
        return BackendType.OPENAI;
    }

    private static @Nullable URI address(Declaration declaration) {
        try {
            URI url = new URI(declaration.url());
            return url.getHost() == null ? null : url;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
