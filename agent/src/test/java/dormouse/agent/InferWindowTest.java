package dormouse.agent;

import static dormouse.agent.InferScene.BODY;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.AgentHarness.Answer;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers under their windows: slow readers, large answers, whole to the last byte. */
class InferWindowTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void nothing_is_sent_beyond_the_window_and_the_backend_is_slowed_down() throws Exception {
        long window = 64 * 1024;
        long size = 64L << 20;
        AtomicLong written = new AtomicLong();
        var peer = scene.attach((request, connection) -> {
            connection.head(200, "Content-Type: text/plain", "Content-Length: " + size);
            byte[] piece = new byte[64 * 1024];
            for (long at = 0; at < size; at += piece.length) {
                connection.write(piece);
                written.addAndGet(piece.length);
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);

        long got = 0;
        while (got < window) {
            got += peer.await(AgentMessage::hasInferChunk, "a chunk")
                    .getInferChunk()
                    .getData()
                    .size();
        }
        assertThat(got).isEqualTo(window);
        long stalledAt = awaitStall(written);
        assertThat(stalledAt).isLessThan(size);
        assertThat(peer.received).noneMatch(AgentMessage::hasInferChunk);

        AgentHarness.consumed(peer, "t1", 1000);
        assertThat(peer.await(AgentMessage::hasInferChunk, "what the window has let through")
                        .getInferChunk()
                        .getData()
                        .size())
                .isEqualTo(1000);
    }

    /** Until the backend has not got rid of a byte for a while: its socket's buffers are full. */
    private static long awaitStall(AtomicLong written) throws InterruptedException {
        long before = -1;
        while (before != written.get()) {
            before = written.get();
            TimeUnit.MILLISECONDS.sleep(300);
        }
        return before;
    }

    @Test
    void an_answer_of_ten_megabytes_arrives_byte_for_byte() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 10 << 20; i++) {
            text.append(i).append(' ');
        }
        String whole = text.toString();
        var peer = scene.attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            Random random = new Random(7);
            for (int at = 0; at < whole.length(); ) {
                int end = Math.min(whole.length(), at + 1 + random.nextInt(100_000));
                connection.chunk(whole.substring(at, end));
                at = end;
            }
            connection.write("0\r\n\r\n");
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.body().equals(whole)).isTrue();
        assertThat(answer.end().getBytes()).isEqualTo(whole.length());
    }

    @Test
    void an_answer_is_whole_though_its_backend_has_closed_long_before_it_is_read() throws Exception {
        int window = 64 * 1024;
        var peer = scene.attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            int more = Integer.parseInt(request.text().replaceAll("\\D", ""));
            // The one in between is shorter than a window, so that its end is read though nothing of it is consumed.
            connection.chunk("x".repeat(more == 0 ? 1 : window));
            for (int i = 0; i < more; i++) {
                connection.chunk("y");
            }
            connection.write("0\r\n\r\n");
            connection.close();
        });
        for (int more = 1; more < 60; more += 3) {
            String slow = "slow" + more;
            String meanwhile = "meanwhile" + more;
            List<AgentMessage> heard = new ArrayList<>();
            askForText(peer, slow, more);
            peer.await(message -> heard.add(message) && body(heard, slow).length() == window, "the first window");
            askForText(peer, meanwhile, 0);
            peer.await(message -> heard.add(message) && end(heard, meanwhile) != null, "the other one's end");

            AgentHarness.consumed(peer, slow, window);
            if (end(heard, slow) == null) {
                peer.await(message -> heard.add(message) && end(heard, slow) != null, "the end");
            }
            assertThat(end(heard, slow))
                    .isEqualTo(InferEnd.newBuilder()
                            .setTaskId(slow)
                            .setBytes(window + more)
                            .build());
            assertThat(body(heard, slow)).isEqualTo("x".repeat(window) + "y".repeat(more));
        }
    }

    private static void askForText(ScriptedServer.Peer peer, String task, int more) {
        AgentHarness.ask(peer, task, "qwen", "{\"more\":" + more + "}");
    }

    private static String body(List<AgentMessage> heard, String task) {
        return heard.stream()
                .filter(message -> message.getInferChunk().getTaskId().equals(task))
                .map(message -> message.getInferChunk().getData().toStringUtf8())
                .collect(Collectors.joining());
    }

    private static @Nullable InferEnd end(List<AgentMessage> heard, String task) {
        return heard.stream()
                .filter(message -> message.getInferEnd().getTaskId().equals(task))
                .map(AgentMessage::getInferEnd)
                .findFirst()
                .orElse(null);
    }

    @Test
    void a_task_that_nobody_reads_does_not_hold_up_its_siblings() throws Exception {
        var peer = scene.attach((request, connection) -> {
            String piece = "y".repeat(8192);
            connection.chunkedHead(200, "text/plain");
            for (int i = 0; i < (request.text().contains("stuck") ? 10_000 : 100); i++) {
                connection.chunk(piece);
            }
            connection.write("0\r\n\r\n");
        });
        AgentHarness.ask(peer, "stuck", "qwen", "{\"stuck\":1}");

        for (int i = 0; i < 9; i++) {
            AgentHarness.ask(peer, "t" + i, "qwen", BODY);
            assertThat(AgentHarness.answer(peer, "t" + i).body()).hasSize(819_200);
        }
    }
}
