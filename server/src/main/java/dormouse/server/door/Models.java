package dormouse.server.door;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.server.auth.Caller;
import dormouse.server.control.Fleet;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.Reason;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.TreeMap;

/**
 * What can be asked for, by name, as OpenAI's clients list it, or as Anthropic's do: Llms that answer or can be woken, and
 * the pools that have one. Any thread.
 */
final class Models {
    private static final String NOBODY = "dormouse";

    /** @param created of a pool: its oldest member's */
    private record Model(String id, Instant created, String owner) {}

    private final Fleet fleet;

    Models(Fleet fleet) {
        this.fleet = fleet;
    }

    void list(Call call) {
        boolean anthropic = asksAnthropic(call);
        Collection<Model> models = all(call.caller()).values();
        ArrayNode data = JsonNodeFactory.instance.arrayNode(models.size());
        models.forEach(model -> data.add(anthropic ? anthropic(model) : openai(model)));
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        if (anthropic) {
            list.set("data", data);
            list.put("has_more", false);
            list.put("first_id", data.isEmpty() ? null : data.get(0).get("id").asText());
            list.put(
                    "last_id",
                    data.isEmpty() ? null : data.get(data.size() - 1).get("id").asText());
        } else {
            list.put("object", "list").set("data", data);
        }
        call.json(200, bytes(list));
    }

    /** @param id as it stands in the path: with its slashes, and perhaps with percent signs */
    void one(Call call, String id) {
        String name = decoded(id);
        Model model = all(call.caller()).get(name);
        boolean anthropic = asksAnthropic(call);
        if (model == null) {
            Failure why = Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name + " to be had");
            call.refuse(Refusal.of(why), anthropic ? Dialect.ANTHROPIC : Dialect.OPENAI);
        } else {
            call.json(200, bytes(anthropic ? anthropic(model) : openai(model)));
        }
    }

    private static boolean asksAnthropic(Call call) {
        return call.request().getHeader("anthropic-version") != null;
    }

    private static String decoded(String id) {
        try {
            return URLDecoder.decode(id.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return id; // no name has a percent sign, so that this is one that nobody has
        }
    }

    private TreeMap<String, Model> all(Caller caller) {
        TreeMap<String, Model> models = new TreeMap<>();
        for (Llm llm : fleet.all()) {
            if (llm.status() == LlmStatus.INACTIVE) {
                continue;
            }
            String owner = llm.owner() == null ? NOBODY : llm.owner().agentName();
            models.put(llm.name().value(), new Model(llm.name().value(), llm.createTime(), owner));
            String pool = llm.spec().pool();
            if (!pool.isEmpty()) {
                models.merge(
                        pool,
                        new Model(pool, llm.createTime(), NOBODY),
                        (one, other) -> one.created().isAfter(other.created()) ? other : one);
            }
        }
        models.keySet().removeIf(name -> !caller.mayUse(name));
        return models;
    }

    private static ObjectNode openai(Model model) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", model.id())
                .put("object", "model")
                .put("created", model.created().getEpochSecond())
                .put("owned_by", model.owner());
    }

    private static ObjectNode anthropic(Model model) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "model")
                .put("id", model.id())
                .put("display_name", model.id())
                .put(
                        "created_at",
                        model.created().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    private static byte[] bytes(ObjectNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
