package dormouse.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Watches the fleet by server-sent events, one event at a time; each is a chunk of the answer. */
final class EventReader implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An event; of a comment, all but the name is empty. */
    record Event(String name, String id, JsonNode data) {
        @Override
        public String toString() {
            JsonNode llm = data.path("llm");
            return (id + " " + name + (llm.isObject() ? " " + llm.path("name").asText() : "")).strip();
        }
    }

    private final WireClient client;
    private final WireClient.Head head;

    private EventReader(WireClient client) {
        this.client = client;
        this.head = client.head();
    }

    static EventReader open(InetSocketAddress address, String... headers) {
        return open(WireClient.connect(address), headers);
    }

    static EventReader open(WireClient client, String... headers) {
        StringBuilder request = new StringBuilder("GET /api/events HTTP/1.1\r\nhost: x\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return new EventReader(client.send(request + "\r\n"));
    }

    WireClient.Head head() {
        return head;
    }

    WireClient client() {
        return client;
    }

    Event next() {
        String name = "";
        String id = "";
        StringBuilder data = new StringBuilder();
        String frame = client.chunk();
        if (frame.isEmpty()) {
            return new Event("(the end)", "", JSON.createObjectNode());
        }
        for (String line : frame.split("\n")) {
            if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                data.append(line.substring(6));
            } else if (line.startsWith("retry: ")) {
                name = "(retry)";
            } else if (line.startsWith(":")) {
                name = "(comment)";
            }
        }
        try {
            return new Event(name, id, data.length() == 0 ? JSON.createObjectNode() : JSON.readTree(data.toString()));
        } catch (JsonProcessingException e) {
            throw new AssertionError(frame, e);
        }
    }

    /** The next ones, as texts. */
    List<String> next(int count) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(next().toString());
        }
        return texts;
    }

    @Override
    public void close() {
        client.close();
    }
}
