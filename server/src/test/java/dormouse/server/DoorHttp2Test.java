package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.contract.Problems;
import dormouse.v1.Infer;
import io.grpc.Status.Code;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.StreamResetException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same door by HTTP/2 in clear text: known before, or asked for. */
class DoorHttp2Test {
    private static final String BODY = "{\"model\":\"qwen\",\"stream\":true}";

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();
    private final Vertx vertx = Vertx.vertx();
    private HttpClient client = client(false);

    @AfterEach
    void close() {
        get(vertx.close());
        door.close();
    }

    private HttpClient client(boolean upgrade) {
        return vertx.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(upgrade)
                .setHttp2MultiplexingLimit(1));
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private HttpClientRequest request(String path) {
        return get(client.request(HttpMethod.POST, door.address().getPort(), "127.0.0.1", path))
                .putHeader("content-type", "application/json");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void each_frame_leaves_while_the_backend_still_holds_the_next(boolean upgrade) {
        client = client(upgrade);
        agent.register(ScriptedAgent.awake("qwen"));
        List<String> heard = new CopyOnWriteArrayList<>();
        Future<HttpClientResponse> response = request("/v1/chat/completions")
                .send(Buffer.buffer(BODY))
                .map(head -> head.handler(data -> heard.add(data.toString())));
        Infer task = door.asked();
        assertThat(door.input(task)).isEqualTo(BODY);
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");
        assertThat(get(response).version()).isEqualTo(HttpVersion.HTTP_2);
        await().until(() -> heard.equals(List.of("data: 1\n\n")));
        agent.chunk(task, 9, "data: 2\n\n");
        await().until(() -> heard.equals(List.of("data: 1\n\n", "data: 2\n\n")));
        Future<Void> end = get(response).end();
        agent.end(task, 18);
        get(end);
    }

    @Test
    void a_stream_that_is_reset_ends_its_task_and_no_other_of_the_connection() {
        client = vertx.createHttpClient(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        agent.register(ScriptedAgent.awake("qwen"));
        HttpClientRequest leaving = request("/v1/a");
        leaving.send(Buffer.buffer(BODY));
        Infer one = door.asked(1);
        Future<Buffer> staying = request("/v1/b").send(Buffer.buffer(BODY)).compose(HttpClientResponse::body);
        Infer other = door.asked(2);
        assertThat(door.harness().server().connections()).isEqualTo(1);

        leaving.reset();
        await().until(() -> agent.cancelReason(one).equals("CLIENT_GONE"));
        agent.answer(other, "whole");
        assertThat(get(staying).toString()).isEqualTo("whole");
    }

    @Test
    void a_connection_that_is_closed_ends_the_tasks_of_all_its_streams() {
        agent.register(ScriptedAgent.asleep("qwen"));
        HttpClientRequest request = request("/v1/a");
        request.send(Buffer.buffer(BODY));
        await().until(() -> !agent.wakes().isEmpty());

        request.connection().close();
        door.awaitNothingLeft();
    }

    @Test
    void an_answer_that_is_no_stream_is_reset_where_it_can_not_be_whole() {
        agent.register(ScriptedAgent.awake("qwen"));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Future<HttpClientResponse> response = request("/v1/a")
                .send(Buffer.buffer("{\"model\":\"qwen\"}"))
                .map(head -> head.exceptionHandler(failure::set));
        Infer task = door.asked();
        agent.head(task, 200, "application/json");
        agent.chunk(task, 0, "{");
        get(response);
        agent.end(task, 1, Problems.status(Code.UNAVAILABLE, "BACKEND_FAILED", "cut off"));

        await().until(() -> failure.get() instanceof StreamResetException);
    }

    @Test
    void what_is_too_large_is_refused_before_it_comes() {
        HttpClientRequest request = request("/v1/a").putHeader("content-length", Long.toString(64 << 20));
        request.writeHead();

        assertThat(get(request.response()).statusCode()).isEqualTo(413);
    }

    @Test
    void a_connection_may_have_a_thousand_streams_and_no_more() {
        request("/v1/a").send(Buffer.buffer(BODY)); // opens the connection
        HttpClientRequest request = request("/v1/b");
        get(request.send(Buffer.buffer(BODY)));

        await().until(() -> ((Http2Settings) request.connection().remoteSettings()).getMaxConcurrentStreams() == 1000);
    }

    @Test
    void who_does_nothing_but_reset_is_cut_off() {
        agent.register(ScriptedAgent.asleep("qwen"));
        client = vertx.createHttpClient(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        HttpClientRequest first = request("/v1/a");
        first.send(Buffer.buffer(BODY));
        List<String> closed = new CopyOnWriteArrayList<>();
        first.connection().closeHandler(gone -> closed.add("closed"));
        for (int i = 0; i < 5000 && closed.isEmpty(); i++) {
            HttpClientRequest each = request("/v1/a").exceptionHandler(reset -> {});
            each.response().onFailure(reset -> {});
            each.writeHead();
            each.reset();
        }

        await().until(() -> !closed.isEmpty());
        door.awaitNothingLeft();
    }

    @Test
    void javas_own_client_upgrades_and_is_answered() throws Exception {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> agent.answer(task, "fine"));
        java.net.http.HttpClient jdk = java.net.http.HttpClient.newHttpClient();
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> response = jdk.send(
                    HttpRequest.newBuilder(URI.create(
                                    "http://127.0.0.1:" + door.address().getPort() + "/v1/a"))
                            .timeout(Duration.ofSeconds(20))
                            .header("content-type", "application/json")
                            .POST(BodyPublishers.ofString(BODY))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.version()).isEqualTo(java.net.http.HttpClient.Version.HTTP_2);
            assertThat(response.body()).isEqualTo("fine");
        }
    }
}
