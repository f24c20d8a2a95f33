package dormouse.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What the backends of a chaos run answer: to each request its own event stream, every event of which can be told from
 * those of all others, and follows from the request alone.
 */
final class ChaosAnswers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILLER = "0123456789abcdef".repeat(256);

    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();

    /** The event of this number in the answer to this request. */
    static String event(String id, int number) {
        int size = (number * 37 + id.hashCode() & 0x7ff) + 1;
        return "data: {\"id\":\"" + id + "\",\"n\":" + number + ",\"pad\":\"" + FILLER.substring(0, size) + "\"}\n\n";
    }

    static String body(String llm, String id, int events, int pauseMillis) {
        return "{\"model\":\"" + llm + "\",\"stream\":true,\"id\":\"" + id + "\",\"events\":" + events + ",\"pause\":"
                + pauseMillis + "}";
    }

    /** A backend's behaviour. */
    void answer(FakeBackend.Exchange exchange) throws IOException {
        open.incrementAndGet();
        try {
            JsonNode request = JSON.readTree(exchange.body);
            String id = request.path("id").asText();
            asked.incrementAndGet();
            long pause = Duration.ofMillis(request.path("pause").asInt()).toNanos();
            exchange.head(200, "text/event-stream");
            for (int i = 0; i < request.path("events").asInt(); i++) {
                exchange.chunk(event(id, i));
                LockSupport.parkNanos(pause);
            }
            exchange.chunk("data: [DONE]\n\n");
            exchange.end();
        } finally {
            open.decrementAndGet();
        }
    }

    /** How many answers are on their way. */
    int open() {
        return open.get();
    }

    /** How many requests have come. */
    int asked() {
        return asked.get();
    }
}
