package dormouse.server.door;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.Owner;
import dormouse.server.relay.Live;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Llms and what happened to them as JSON, on one line: the public names of the fields, in their order; what is absent is
 * null. The same documents as {@code dormouse list -o json} has, which a test compares. Stateless.
 */
final class LlmJson {
    private static final JsonFactory JSON = new JsonFactory();

    private interface Part {
        void write(JsonGenerator json) throws IOException;
    }

    private LlmJson() {}

    static String llm(Live live) {
        return write(json -> {
            json.writeStartObject();
            fields(json, live);
            json.writeEndObject();
        });
    }

    /** With what happened to it, newest first. */
    static String llm(Live live, List<LlmEvent> history) {
        return write(json -> {
            json.writeStartObject();
            fields(json, live);
            json.writeArrayFieldStart("history");
            for (LlmEvent event : history) {
                json.writeStartObject();
                head(json, event.revision(), event.type().name(), event.time(), event.detail());
                json.writeStringField("status", event.llm().status().name());
                if (!event.actor().isEmpty()) {
                    json.writeStringField("actor", event.actor());
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** @param live null where it is about no Llm */
    static String event(long revision, String type, Instant time, String detail, @Nullable Live live) {
        return write(json -> {
            json.writeStartObject();
            head(json, revision, type, time, detail);
            if (live == null) {
                json.writeNullField("llm");
            } else {
                json.writeObjectFieldStart("llm");
                fields(json, live);
                json.writeEndObject();
            }
            json.writeEndObject();
        });
    }

    private static void head(JsonGenerator json, long revision, String type, Instant time, String detail)
            throws IOException {
        json.writeNumberField("revision", revision);
        json.writeStringField("type", type);
        json.writeStringField("time", time.toString());
        text(json, "detail", detail);
    }

    private static void fields(JsonGenerator json, Live live) throws IOException {
        Llm llm = live.llm();
        LlmSpec spec = llm.spec();
        Owner owner = llm.owner();
        json.writeStringField("name", llm.name().value());
        json.writeStringField("kind", llm.kind().name());
        text(json, "type", spec.type());
        json.writeStringField("status", llm.status().name());
        text(json, "statusReason", llm.reason());
        text(json, "model", spec.model());
        text(json, "pool", spec.pool());
        text(json, "agent", owner == null ? "" : owner.agentName());
        text(json, "sessionId", owner == null ? "" : owner.session().value());
        text(json, "replica", owner == null || llm.state().publisherAway() ? "" : owner.replica());
        json.writeNumberField("concurrency", spec.concurrency());
        json.writeNumberField("activeTasks", live.activeTasks());
        json.writeNumberField("queuedTasks", live.queuedTasks());
        json.writeBooleanField("wakeable", spec.wakeable());
        json.writeBooleanField("sleepable", spec.sleepable());
        json.writeObjectFieldStart("labels");
        for (Map.Entry<String, String> label : new TreeMap<>(spec.labels()).entrySet()) {
            json.writeStringField(label.getKey(), label.getValue());
        }
        json.writeEndObject();
        time(json, "createTime", llm.createTime());
        time(json, "updateTime", llm.updateTime());
        time(json, "lastHeartbeatTime", live.lastHeartbeat());
        time(json, "inactiveSince", llm.inactiveSince());
        Duration wake = live.expectedWake();
        json.writeFieldName("expectedWakeSeconds");
        if (wake == null) {
            json.writeNull();
        } else {
            json.writeNumber(seconds(wake));
        }
        json.writeNumberField("revision", llm.revision());
    }

    /** Exact, without an exponent or trailing zeros. */
    private static BigDecimal seconds(Duration duration) {
        BigDecimal seconds = BigDecimal.valueOf(duration.getSeconds())
                .add(BigDecimal.valueOf(duration.getNano(), 9))
                .stripTrailingZeros();
        return seconds.scale() < 0 ? seconds.setScale(0) : seconds;
    }

    private static void text(JsonGenerator json, String field, String text) throws IOException {
        json.writeStringField(field, text.isEmpty() ? null : text);
    }

    private static void time(JsonGenerator json, String field, @Nullable Instant time) throws IOException {
        json.writeStringField(field, time == null ? null : time.toString());
    }

    private static String write(Part part) {
        StringWriter text = new StringWriter(1024);
        try (JsonGenerator json = JSON.createGenerator(text)) {
            part.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
