package dormouse.server.door;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmStatus;
import io.vertx.core.MultiMap;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which Llms a list shows; the conditions narrow each other. */
record LlmFilter(
        @Nullable LlmStatus status,
        @Nullable LlmKind kind,
        @Nullable String pool) {
    private static final List<String> KNOWN = List.of("status", "kind", "pool");

    /** @throws IllegalArgumentException naming the parameter and its rule */
    static LlmFilter of(MultiMap query) {
        for (Map.Entry<String, String> parameter : query) {
            if (!KNOWN.contains(parameter.getKey())) {
                throw new IllegalArgumentException(
                        "a list of Llms has no parameter " + parameter.getKey() + ", but " + String.join(", ", KNOWN));
            }
        }
        return new LlmFilter(
                word(query, "status", LlmStatus.class), word(query, "kind", LlmKind.class), query.get("pool"));
    }

    private static <E extends Enum<E>> @Nullable E word(MultiMap query, String key, Class<E> words) {
        String said = query.get(key);
        if (said == null || said.isEmpty()) {
            return null;
        }
        try {
            return Enum.valueOf(words, said.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            String all = Arrays.stream(words.getEnumConstants()).map(Enum::name).collect(Collectors.joining(", "));
            throw new IllegalArgumentException(key + " \"" + said + "\": one of " + all, e);
        }
    }

    boolean wants(Llm llm) {
        return (status == null || status == llm.status())
                && (kind == null || kind == llm.kind())
                && (pool == null || pool.isEmpty() || pool.equals(llm.spec().pool()));
    }
}
