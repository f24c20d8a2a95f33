package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Llms as JSON at the HTTP door. */
class DoorLlmsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Harness server = Harness.withDoor();
    private final ScriptedAgent ana = server.agent("ana");
    private final WireClient client = WireClient.connect(server.server().httpAddress());

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private static void send(WireClient client, String path) {
        client.send("GET " + path + " HTTP/1.1\r\nhost: x\r\n\r\n");
    }

    private WireClient.Answer get(String path) {
        send(client, path);
        return client.answer();
    }

    private static JsonNode json(WireClient.Answer answer) {
        assertThat(answer.head().header("content-type")).isEqualTo("application/json");
        try {
            return JSON.readTree(answer.text());
        } catch (JsonProcessingException e) {
            throw new AssertionError(answer.text(), e);
        }
    }

    private List<String> names(String path) {
        return json(get(path)).path("llms").findValuesAsText("name");
    }

    @Test
    void anEmptyFleetIsAnEmptyList() {
        assertThat(get("/api/llms").text()).isEqualTo("{\"llms\":[],\"revision\":0}");
    }

    @Test
    void everyFieldOfTheInterfaceIsThereInItsOrder() {
        ana.register(offer(
                LlmSpec.newBuilder()
                        .setName("a")
                        .setModel("m:8b")
                        .setType("ollama")
                        .setWakeable(true)
                        .putLabels("gpu", "x")
                        .putLabels("a", "b"),
                LlmStatus.LLM_STATUS_HIBERNATING));

        String text = get("/api/llms").text();

        String session = json(get("/api/llms/a")).path("sessionId").asText();
        String now = "\"" + server.time().now() + "\"";
        assertThat(text)
                .isEqualTo(
                        "{\"llms\":[{\"name\":\"a\",\"kind\":\"VIRTUAL\",\"type\":\"ollama\",\"status\":\"HIBERNATING\","
                                + "\"statusReason\":\"registered by ana\",\"model\":\"m:8b\",\"pool\":null,\"agent\":\"ana\",\"sessionId\":\""
                                + session
                                + "\",\"replica\":\"main\",\"concurrency\":4,\"activeTasks\":0,\"queuedTasks\":0,"
                                + "\"wakeable\":true,\"sleepable\":false,\"labels\":{\"a\":\"b\",\"gpu\":\"x\"},\"createTime\":"
                                + now + ",\"updateTime\":" + now + ",\"lastHeartbeatTime\":" + now
                                + ",\"inactiveSince\":null,\"expectedWakeSeconds\":null,\"revision\":1}],\"revision\":1}");
    }

    @Test
    void theFiltersNarrowEachOther() {
        ana.register(
                awake("a"),
                asleep("b"),
                offer(LlmSpec.newBuilder().setName("c").setPool("p"), LlmStatus.LLM_STATUS_ACTIVE),
                offer(
                        LlmSpec.newBuilder().setName("d").setPool("p").setWakeable(true),
                        LlmStatus.LLM_STATUS_HIBERNATING));

        assertThat(names("/api/llms")).containsExactly("a", "b", "c", "d");
        assertThat(names("/api/llms?status=ACTIVE")).containsExactly("a", "c");
        assertThat(names("/api/llms?status=hibernating&pool=p")).containsExactly("d");
        assertThat(names("/api/llms?kind=public")).isEmpty();
        assertThat(names("/api/llms?kind=virtual&status=&pool=")).hasSize(4);
    }

    @Test
    void aFilterThatIsNoneIsRefusedByName() {
        WireClient.Answer status = get("/api/llms?status=asleep");
        WireClient.Answer typo = get("/api/llms?stauts=ACTIVE");

        assertThat(status.status()).isEqualTo(400);
        assertThat(json(status).path("error").asText())
                .isEqualTo("status \"asleep\": one of ACTIVE, HIBERNATING, WAKING, INACTIVE");
        assertThat(json(status).path("code").asText()).isEqualTo("malformed");
        assertThat(json(typo).path("error").asText()).contains("stauts").contains("status, kind, pool");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/llms/lab/qwen3:8b", "/api/llms/lab%2Fqwen3%3A8b", "/api/llms/%6Cab/qwen3:8b"})
    void aNameMayBeWrittenAsItIsOrEncoded(String path) {
        ana.register(awake("lab/qwen3:8b"));

        WireClient.Answer answer = get(path);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(json(answer).path("name").asText()).isEqualTo("lab/qwen3:8b");
        assertThat(json(answer).has("history")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/llms/a%2",
                "/api/llms/a%20b",
                "/api/llms/a+b",
                "/api/llms/a?history=many",
                "/api/llms/a?history=1001"
            })
    void whatIsNoNameOrNoNumberIsMalformed(String path) {
        WireClient.Answer answer = get(path);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(json(answer).path("code").asText()).isEqualTo("malformed");
    }

    @Test
    void whatThereIsNotIsNotFound() {
        WireClient.Answer answer = get("/api/llms/nobody");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(json(answer).path("error").asText()).isEqualTo("there is no Llm nobody");
        assertThat(json(answer).path("code").asText()).isEqualTo("model_not_found");
        assertThat(get("/api/llms/nobody?history=5").status()).isEqualTo(404);
    }

    @Test
    void oneLlmComesWithAsMuchOfItsHistoryAsIsAskedFor() {
        ana.register(asleep("a"));
        server.infer("a");
        ana.wakeFails(ana.wakes().get(0), "no power");

        JsonNode history = json(get("/api/llms/a?history=2")).path("history");

        assertThat(history).hasSize(2);
        assertThat(history.findValuesAsText("type")).containsExactly("WAKE_FAILED", "WAKE_STARTED");
        assertThat(history.path(0).path("detail").asText()).isEqualTo("no power");
        assertThat(history.path(0).path("revision").asInt()).isEqualTo(3);
        assertThat(history.path(1).path("status").asText()).isEqualTo("WAKING");
    }

    @Test
    void aHistoryThatTakesItsTimeHoldsNobodyElseUp() {
        ana.register(awake("a"));
        server.blocking().hold();
        send(client, "/api/llms/a?history=5");
        await().until(() -> server.blocking().waiting() == 1);

        for (int i = 0; i < 4; i++) { // both loops
            try (WireClient other = WireClient.connect(server.server().httpAddress())) {
                send(other, "/api/llms/a");
                assertThat(other.answer().status()).isEqualTo(200);
            }
        }
        server.blocking().letGo();

        assertThat(json(client.answer()).path("history")).hasSize(1);
    }

    @Test
    void aHistoryThatCannotBeReadIsSaidSoAndTheRestGoesOn() {
        ana.register(awake("a"));
        server.stores().away();

        WireClient.Answer answer = get("/api/llms/a?history=5");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.head().header("retry-after")).isEqualTo("2");
        assertThat(get("/api/llms").status()).isEqualTo(200);
    }

    @Test
    void theLongestListReachesASlowReaderWholeAndInOrder() {
        for (int agent = 0; agent < 5; agent++) {
            int first = agent * 1000;
            server.agent("agent" + agent)
                    .register(IntStream.range(first, first + 1000)
                            .mapToObj(i -> awake(String.format("n%04d", i)))
                            .toArray(LlmOffer[]::new));
        }

        try (WireClient slow = WireClient.connect(server.server().httpAddress(), 4096)) {
            send(slow, "/api/llms");
            assertThat(get("/healthz").status()).isEqualTo(200);
            JsonNode list = json(slow.answer());
            assertThat(list.path("llms").findValuesAsText("name"))
                    .containsExactlyElementsOf(IntStream.range(0, 5000)
                            .mapToObj(i -> String.format("n%04d", i))
                            .toList());
            assertThat(list.path("revision").asInt()).isEqualTo(5000);
        }
    }

    @Test
    void headersAloneForWhoAsksForThemAlone() {
        client.send("HEAD /api/llms HTTP/1.1\r\nhost: x\r\n\r\nHEAD /api/events HTTP/1.1\r\nhost: x\r\n\r\n");

        assertThat(client.head().status()).isEqualTo(200);
        assertThat(client.head().header("content-type")).isEqualTo("text/event-stream");
    }
}
