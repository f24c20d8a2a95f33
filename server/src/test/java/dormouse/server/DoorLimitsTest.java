package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a client may take of the server is bounded before it is taken. */
class DoorLimitsTest {
    private static final int MOST = 1 << 20;

    private final DoorHarness door = DoorHarness.start("limits.requestBytes=1MiB", "limits.bufferedBytes=1536KiB");
    private final ScriptedAgent agent = door.agent();
    private final WireClient client = door.client();

    @AfterEach
    void close() {
        door.close();
    }

    private static String announcing(long bytes, String... headers) {
        return "POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: " + bytes + "\r\n" + String.join("", headers)
                + "\r\n";
    }

    private static String padded(int bytes) {
        String begin = "{\"model\":\"qwen\",\"x\":\"";
        return begin + "a".repeat(bytes - begin.length() - 2) + "\"}";
    }

    @Test
    void a_body_that_is_announced_as_too_large_is_refused_before_a_byte_of_it() {
        client.send(announcing(MOST + 1));

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.head().header("connection")).isEqualTo("close");
        assertThat(answer.text())
                .contains("\"code\":\"too_large\"", "has 1048577 bytes; the limit is 1048576")
                .contains("\"type\":\"invalid_request_error\"");
    }

    @Test
    void a_client_that_sends_all_the_same_comes_to_read_why() {
        client.send(announcing(4 * MOST)).send("a".repeat(4 * MOST));

        assertThat(client.answer().status()).isEqualTo(413);
        assertThat(client.rest()).isEmpty();
    }

    @Test
    void one_that_never_stops_sending_is_cut_off() {
        client.send(announcing(4 * MOST)).send("a".repeat(1000));
        assertThat(client.answer().status()).isEqualTo(413);
        door.advance(Duration.ofSeconds(5));

        assertThat(client.rest()).isEmpty();
    }

    @Test
    void a_body_in_chunks_is_counted_as_it_comes() {
        client.send("POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        String chunk = "10000\r\n" + "a".repeat(1 << 16) + "\r\n";
        for (int i = 0; i < 17; i++) {
            client.send(chunk);
        }

        assertThat(client.answer().status()).isEqualTo(413);
        door.awaitNothingLeft();
    }

    @Test
    void a_body_of_just_the_limit_passes() {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> agent.answer(task, "fine"));
        client.post("/v1/x", padded(MOST));

        assertThat(client.answer().text()).isEqualTo("fine");
        door.awaitNothingLeft();
    }

    @Test
    void bodies_on_their_way_count_together() {
        client.send(announcing(MOST)).send("a".repeat(MOST - 1));
        await().until(() -> door.harness().relay().bufferedBytes() == MOST - 1);

        WireClient.Answer answer = door.client().post("/v1/x", padded(MOST)).answer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).contains("\"code\":\"overloaded\"");
        assertThat(answer.head().header("retry-after")).isEqualTo("2");
        assertThat(door.harness().relay().bufferedBytes()).isEqualTo(MOST - 1);

        client.cut();
        door.awaitNothingLeft();
        assertThat(door.client().post("/v1/x", padded(MOST)).answer().status()).isEqualTo(404);
        door.awaitNothingLeft();
    }

    @Test
    void who_asks_whether_to_go_on_is_told_before_it_sends() {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> agent.answer(task, "fine"));
        String body = "{\"model\":\"qwen\"}";
        client.send(announcing(body.length(), "content-type: application/json\r\n", "expect: 100-continue\r\n"));
        assertThat(client.head().status()).isEqualTo(100);
        client.send(body);
        assertThat(client.answer().text()).isEqualTo("fine");

        client.send(announcing(MOST + 1, "expect: 100-continue\r\n"));
        assertThat(client.answer().status()).isEqualTo(413);
    }

    @Test
    void a_body_that_does_not_come_is_not_waited_for() {
        client.send(announcing(1000)).send("aaa");
        await().until(() -> door.harness().relay().bufferedBytes() == 3);
        door.advance(Duration.ofSeconds(30));

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.text()).contains("\"code\":\"request_timeout\"", "for 30 s");
        door.awaitNothingLeft();
    }

    @Test
    void a_body_that_drips_is_waited_for_until_the_whole_tasks_time_is_over() {
        try (DoorHarness hasty = DoorHarness.start("deadlines.total=1m")) {
            WireClient dripping = hasty.client().send(announcing(1000));
            for (int sent = 1; sent <= 3; sent++) {
                int bytes = sent;
                dripping.send("a");
                await().until(() -> hasty.harness().relay().bufferedBytes() == bytes);
                hasty.advance(Duration.ofSeconds(20));
            }
            hasty.advance(Duration.ofSeconds(30)); // by then the look that each piece puts off has been taken

            assertThat(dripping.answer().text()).contains("not whole within 60 s");
        }
    }

    @Test
    void a_connection_that_asks_for_nothing_any_more_is_closed() {
        WireClient kept = door.client().send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
        assertThat(kept.answer().status()).isEqualTo(200);

        door.advance(Duration.ofSeconds(119));
        kept.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
        assertThat(kept.answer().status()).isEqualTo(200);
        await().until(() -> {
            door.advance(Duration.ofSeconds(
                    120)); // from when the answer has left, of which its reader may hear before the door
            return door.harness().server().connections() == 0;
        });
        assertThat(kept.rest()).isEmpty();
    }

    @Test
    void a_connection_that_waits_for_its_answer_is_not() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/x", "{\"model\":\"qwen\"}");
        var task = door.asked();
        for (int i = 0; i < 5; i++) {
            door.advance(Duration.ofSeconds(50));
            agent.heartbeat();
        }
        agent.answer(task, "at last");

        assertThat(client.answer().text()).isEqualTo("at last");
    }

    @Test
    @Tag("slow")
    void a_connection_that_does_not_come_to_its_first_request_is_closed_and_a_slow_answer_is_not_taken_for_that()
            throws Exception {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/x", "{\"model\":\"qwen\"}");
        HttpClient http = HttpClient.newHttpClient(); // HTTP/2
        CompletableFuture<HttpResponse<String>> other = http.sendAsync(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + door.address().getPort() + "/v1/x"))
                        .timeout(Duration.ofSeconds(60))
                        .header("content-type", "application/json")
                        .POST(BodyPublishers.ofString("{\"model\":\"qwen\"}"))
                        .build(),
                BodyHandlers.ofString());
        door.asked(2);
        WireClient silent = door.client().patience(Duration.ofSeconds(60));
        WireClient half = door.client().patience(Duration.ofSeconds(60)).send("GET / HTTP/1.1\r\nhost:");

        assertThat(silent.rest()).isEmpty(); // after 30 s of the machine's own clock
        assertThat(half.rest()).isEmpty();
        agent.infers().forEach(task -> agent.answer(task, "at last"));
        assertThat(client.answer().text()).isEqualTo("at last");
        assertThat(other.get().version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(other.get().body()).isEqualTo("at last");
    }

    @Test
    void a_first_line_and_headers_have_their_bounds() {
        client.send("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nhost: x\r\n\r\n");
        assertThat(client.answer().status()).isEqualTo(414);

        WireClient.Answer answer = door.client()
                .send("GET /healthz HTTP/1.1\r\nhost: x\r\nx: " + "a".repeat(17_000) + "\r\n\r\n")
                .answer();
        assertThat(answer.status()).isEqualTo(431);
        assertThat(answer.text()).contains("16384 bytes");

        assertThat(door.client().send("what is this\r\n\r\n").answer().status()).isEqualTo(400);
    }
}
