package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import java.time.Duration;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client that does not read costs a bounded piece of memory, and nobody else anything. */
class DoorSlowReaderTest {
    private static final int WINDOW = 64 << 10;
    private static final ByteString PIECE = ByteString.copyFrom(new byte[16 << 10]);
    private static final int LONG_ANSWER = 48 << 20;

    private static final Duration STUCK = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();

    @AfterEach
    void close() {
        door.close();
    }

    private WireClient asking(WireClient client) {
        return client.post("/v1/chat/completions", "{\"model\":\"qwen\",\"stream\":true}");
    }

    /** Sends as far as the window lets it, up to a number of bytes; returns when nothing was taken for a while. */
    private long feed(Infer task, long from, long to, Duration patience) {
        long sent = from;
        while (sent < to) {
            long next = sent + PIECE.size();
            try {
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(5))
                        .atMost(patience)
                        .until(() -> next - agent.window(task) <= WINDOW);
            } catch (ConditionTimeoutException stuck) {
                return sent;
            }
            agent.chunk(task, sent, PIECE);
            sent = next;
        }
        return sent;
    }

    @Test
    void its_agent_is_stopped_its_sibling_is_not_and_it_gets_every_byte_in_the_end() {
        agent.register(ScriptedAgent.awake("qwen"));
        WireClient slow = asking(door.tightClient());
        Infer stuck = door.asked(1);
        agent.head(stuck, 200, "application/octet-stream");
        long sent = feed(stuck, 0, LONG_ANSWER, STUCK);
        assertThat(sent).as("what the server and the kernel hold").isLessThan(LONG_ANSWER / 2);

        WireClient quick = asking(door.client());
        Infer running = door.asked(2);
        agent.head(running, 200, "application/octet-stream");
        Thread reader = new Thread(() -> agent.end(running, feed(running, 0, 4 << 20, PATIENCE)));
        reader.start();
        assertThat(quick.answer().body().length).isEqualTo(4 << 20);

        Thread rest = new Thread(() -> agent.end(stuck, feed(stuck, sent, LONG_ANSWER, PATIENCE)));
        rest.start();
        assertThat(slow.answer().body().length).isEqualTo(LONG_ANSWER);
        door.awaitNothingLeft();
    }

    @Test
    void it_is_told_so_after_a_minute_and_its_agent_is_free() {
        agent.register(ScriptedAgent.awake("qwen"));
        WireClient slow = asking(door.tightClient());
        Infer stuck = door.asked();
        agent.head(stuck, 200, "text/event-stream");
        feed(stuck, 0, LONG_ANSWER, STUCK);
        door.advance(Duration.ofSeconds(60));

        await().until(() -> agent.cancelReason(stuck).equals("CLIENT_TOO_SLOW"));
        String last = "";
        slow.head();
        for (String chunk = slow.chunk(); !chunk.isEmpty(); chunk = slow.chunk()) {
            last = chunk;
        }
        assertThat(last).contains("\"code\":\"client_too_slow\"");
    }
}
