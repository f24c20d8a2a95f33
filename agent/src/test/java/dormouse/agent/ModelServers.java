package dormouse.agent;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Made-up answers of the model servers there are, as their makers describe them. A path that isn't in the map is answered
 * as the real one does.
 */
final class ModelServers implements ScriptedBackend.Script {
    /** By method and path: what is answered with 200. */
    final Map<String, String> answers = new ConcurrentHashMap<>();
    /** By method and path: the status, where it isn't 200. */
    final Map<String, Integer> statuses = new ConcurrentHashMap<>();

    private final int unknown;
    private final String unknownBody;

    private ModelServers(int unknown, String unknownBody) {
        this.unknown = unknown;
        this.unknownBody = unknownBody;
    }

    static ModelServers ollama(String... models) {
        ModelServers server = new ModelServers(404, "404 page not found");
        server.answers.put("GET /api/tags", "{\"models\":[%s]}".formatted(each("""
                {"name":%s,"model":%<s,"modified_at":"2026-10-01T10:00:00Z","size":4661224676,"digest":"365c0bd3c000",
                "details":{"format":"gguf","family":"llama","parameter_size":"8.0B"}}""", models)));
        server.answers.put("GET /v1/models", openAi("library", models));
        return server;
    }

    static ModelServers lmStudio(String... models) {
        ModelServers server = new ModelServers(200, "{\"error\":\"Unexpected endpoint or method. (GET /x)\"}");
        server.answers.put("GET /api/v1/models", "{\"models\":[%s]}".formatted(each("""
                {"type":"llm","publisher":"qwen","key":%s,"display_name":"A model","size_bytes":1,"loaded_instances":[],
                "max_context_length":4096,"format":"gguf"}""", models)));
        server.answers.put("GET /api/v0/models", openAi("", models));
        server.answers.put("GET /v1/models", openAi("organization_owner", models));
        return server;
    }

    /** One model, given by the path of its file. */
    static ModelServers llamaCpp(String model) {
        ModelServers server = new ModelServers(404, "{\"error\":{\"code\":404,\"message\":\"File Not Found\"}}");
        String list = "{\"models\":[{\"name\":%s,\"model\":%<s}],".formatted(quoted(model))
                + openAi("llamacpp", model).substring(1);
        server.answers.put("GET /v1/models", list);
        server.answers.put("GET /models", list);
        server.answers.put("GET /api/tags", list);
        server.answers.put("GET /health", "{\"status\":\"ok\"}");
        return server;
    }

    static ModelServers llamaCppRouter(String status, String... models) {
        ModelServers server = new ModelServers(404, "{\"error\":{\"code\":404,\"message\":\"File Not Found\"}}");
        server.answers.put(
                "GET /v1/models",
                "{\"object\":\"list\",\"data\":[%s]}".formatted(each("""
                {"id":%s,"object":"model","owned_by":"llamacpp","in_cache":true,"status":{"value":"STATUS","args":[]}}""".replace("STATUS", status), models)));
        server.answers.put("GET /health", "{\"status\":\"ok\"}");
        return server;
    }

    static ModelServers vllm(boolean sleepMode, String... models) {
        ModelServers server = new ModelServers(404, "{\"detail\":\"Not Found\"}");
        server.answers.put("GET /v1/models", openAi("vllm", models));
        server.answers.put("GET /health", "");
        server.answers.put("GET /version", "{\"version\":\"0.14.0\"}");
        if (sleepMode) {
            server.answers.put("GET /is_sleeping", "{\"is_sleeping\":false}");
        }
        return server;
    }

    /** Something with OpenAI's paths that says no more of itself. */
    static ModelServers plain(String... models) {
        ModelServers server = new ModelServers(404, "not here");
        server.answers.put("GET /v1/models", openAi("me", models));
        return server;
    }

    /** What listens on such a port too: somebody's web application. */
    static ModelServers webApplication() {
        return new ModelServers(200, "<!doctype html><title>Dashboard</title>");
    }

    static String openAi(String owner, String... models) {
        return "{\"object\":\"list\",\"data\":[%s]}"
                .formatted(each(
                        "{\"id\":%s,\"object\":\"model\",\"created\":1686935002,\"owned_by\":\"" + owner + "\"}",
                        models));
    }

    private static String each(String form, String... models) {
        return java.util.Arrays.stream(models)
                .map(model -> form.formatted(quoted(model)))
                .collect(java.util.stream.Collectors.joining(","));
    }

    private static String quoted(String text) {
        return com.fasterxml.jackson.databind.node.TextNode.valueOf(text).toString();
    }

    @Override
    public void answer(ScriptedBackend.Request request, ScriptedBackend.Connection connection)
            throws java.io.IOException {
        String asked = request.line().replace(" HTTP/1.1", "");
        String body = answers.get(asked);
        int status = statuses.getOrDefault(asked, body == null ? unknown : 200);
        connection.answer(status, "application/json", body == null ? unknownBody : body);
    }
}
