package dormouse.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Reads the lists of models of the backends there are. What is no such list has no models. Stateless. */
final class ModelLists {
    /** Of a list, at most. */
    static final int BYTES = 4 * 1024 * 1024;

    private static final ObjectMapper JSON = new ObjectMapper();

    private ModelLists() {}

    /**
     * A model of a list in OpenAI's shape.
     *
     * @param owner who serves it, as some servers say: {@code vllm}, {@code llamacpp}; may be empty
     * @param status what a router of llama.cpp says of it: {@code loaded}, {@code loading}, {@code unloaded}; else empty
     */
    record OpenAi(String id, String owner, String status) {}

    /** A model of LM Studio's own list, with what of it is in memory. */
    record LmStudio(String key, List<String> instances) {}

    /** Of {@code GET /v1/models}. */
    static List<OpenAi> openAi(String body) {
        return each(parse(body), "data")
                .filter(model -> !text(model, "id").isEmpty())
                .map(model -> new OpenAi(
                        text(model, "id"),
                        text(model, "owned_by"),
                        model.path("status").path("value").asText("")))
                .toList();
    }

    /** Whether it is a list in OpenAI's shape, though an empty one. */
    static boolean isOpenAi(String body) {
        JsonNode data = parse(body).path("data");
        return data.isArray()
                && StreamSupport.stream(data.spliterator(), false)
                        .noneMatch(model -> text(model, "id").isEmpty());
    }

    /**
     * Of Ollama's {@code GET /api/tags}: what lies on this machine, without what it passes on to elsewhere.
     *
     * @return null where it is something else; llama.cpp answers this path too, with OpenAI's {@code data} in it
     */
    static @Nullable List<String> ollama(String body) {
        JsonNode list = parse(body);
        if (!list.path("models").isArray() || list.has("data")) {
            return null;
        }
        return each(list, "models")
                .filter(model -> text(model, "remote_host").isEmpty())
                .map(model -> text(model, "model").isEmpty() ? text(model, "name") : text(model, "model"))
                .filter(name -> !name.isEmpty())
                .toList();
    }

    /** Of LM Studio's {@code GET /api/v1/models}; null where it is something else. */
    static @Nullable List<LmStudio> lmStudio(String body) {
        JsonNode list = parse(body);
        if (!list.path("models").isArray()
                || each(list, "models").anyMatch(model -> text(model, "key").isEmpty())) {
            return null;
        }
        List<LmStudio> models = new ArrayList<>();
        each(list, "models")
                .forEach(model -> models.add(new LmStudio(
                        text(model, "key"),
                        each(model, "loaded_instances")
                                .map(instance -> text(instance, "id"))
                                .filter(id -> !id.isEmpty())
                                .toList())));
        return models;
    }

    /** Of {@code GET /api/llms}: whether a Dormouse server has answered. */
    static boolean isDormouse(String body) {
        JsonNode list = parse(body);
        return list.path("llms").isArray() && list.has("revision");
    }

    private static Stream<JsonNode> each(JsonNode node, String key) {
        return StreamSupport.stream(node.path(key).spliterator(), false);
    }

    private static String text(JsonNode node, String key) {
        JsonNode value = node.path(key);
        return value.isTextual() ? value.textValue() : "";
    }

    private static JsonNode parse(String body) {
        try {
            JsonNode node = JSON.readTree(body);
            return node == null ? MissingNode.getInstance() : node;
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
