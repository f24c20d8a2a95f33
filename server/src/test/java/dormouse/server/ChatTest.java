package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dormouse.v1.AgentMessage;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.Infer;
import dormouse.v1.InferEnd;
import dormouse.v1.Phase;
import dormouse.v1.ToolCall;
import dormouse.v1.Usage;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The typed chat: what it asks the backend, and what it makes of the event stream, however that is cut on its way. */
class ChatTest {
    private static final String STREAM = """
            : a comment
            data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

            data: {"choices":[{"delta":{"reasoning_content":"höchst "}}]}

            data: {"choices":[{"delta":{"reasoning":"schläfrig"}}]}

            event: whatever
            data: {"choices":[{"delta":{"content":"Grüße, 🐭"}}]}

            data:{"choices":[{"delta":
            data: {"content":" 日本"}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"a\\""}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}

            data: {"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"g","arguments":"{}"}}]}}]}

            data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}

            data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}}

            data: [DONE]

            """;

    private final Harness server = Harness.start();
    private final ScriptedAgent agent = server.agent("ana");

    @BeforeEach
    void publish() {
        agent.register(ScriptedAgent.awake("qwen3"));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static ChatRequest.Builder hello() {
        return ChatRequest.newBuilder()
                .setLlm("qwen3")
                .addMessages(ChatMessage.newBuilder().setRole("user").setContent("hello"));
    }

    private Infer task() {
        return agent.infers().get(agent.infers().size() - 1);
    }

    private JsonNode body() throws Exception {
        return new ObjectMapper().readTree(agent.input(task()).toByteArray());
    }

    /** Cut in two at {@code cut}, ended with usage. */
    private void stream(byte[] bytes, int cut) {
        agent.head(task(), 200, "text/event-stream; charset=utf-8");
        if (cut > 0) {
            agent.chunk(task(), 0, ByteString.copyFrom(bytes, 0, cut));
        }
        if (cut < bytes.length) {
            agent.chunk(task(), cut, ByteString.copyFrom(bytes, cut, bytes.length - cut));
        }
        agent.send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder()
                        .setTaskId(task().getTaskId())
                        .setBytes(bytes.length)
                        .setUsage(Usage.newBuilder().setPromptTokens(11).setCompletionTokens(7))));
    }

    private static void assertUnderstood(ChatProbe chat) {
        assertThat(chat.reasoning()).isEqualTo("höchst schläfrig");
        assertThat(chat.text()).isEqualTo("Grüße, 🐭 日本");
        assertThat(chat.toolCalls())
                .containsExactly(
                        ToolCall.newBuilder()
                                .setId("c1")
                                .setName("f")
                                .setArguments("{\"a\"")
                                .build(),
                        ToolCall.newBuilder().setArguments(":1}").build(),
                        ToolCall.newBuilder()
                                .setIndex(1)
                                .setId("c2")
                                .setName("g")
                                .setArguments("{}")
                                .build());
        assertThat(chat.finished().getFinishReason()).isEqualTo("tool_calls");
        assertThat(chat.finished().getUsage().getPromptTokens()).isEqualTo(11);
        assertThat(chat.finished().getUsage().getCompletionTokens()).isEqualTo(7);
        assertThat(chat.completed()).isTrue();
    }

    /** Every cut of the lines with letters of several bytes; EventLinesTest has every cut of all. */
    @Test
    void aStreamIsUnderstoodWhereverItIsCut() {
        byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
        int from = bytesUntil("Grüße");
        int to = bytesUntil("日本") + 6;
        for (int cut = from; cut <= to; cut++) {
            ChatProbe chat = server.chat(hello());
            stream(bytes, cut);
            assertUnderstood(chat);
        }
    }

    private static int bytesUntil(String word) {
        return STREAM.substring(0, STREAM.indexOf(word)).getBytes(StandardCharsets.UTF_8).length;
    }

    @Test
    void aStreamIsUnderstoodByteByByte() {
        ChatProbe chat = server.chat(hello());
        byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
        agent.head(task(), 200, "text/event-stream");
        for (int i = 0; i < bytes.length; i++) {
            agent.chunk(task(), i, ByteString.copyFrom(bytes, i, 1));
        }
        agent.send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder()
                        .setTaskId(task().getTaskId())
                        .setBytes(bytes.length)
                        .setUsage(Usage.newBuilder().setPromptTokens(11).setCompletionTokens(7))));
        assertUnderstood(chat);
    }

    @Test
    void aTokenIsToldAtOnceAndInOrderAfterThePhases() {
        ChatProbe chat = server.chat(hello());
        agent.head(task(), 200, "text/event-stream");
        String first = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n";
        agent.chunk(task(), 0, first);
        assertThat(chat.text()).isEqualTo("one");
        agent.end(task(), first.length());
        assertThat(chat.events())
                .extracting(ChatEvent::getEventCase)
                .containsExactly(ChatEvent.EventCase.PHASE, ChatEvent.EventCase.TEXT, ChatEvent.EventCase.FINISHED);
        assertThat(chat.events().get(0).getPhase().getKind()).isEqualTo(Phase.Kind.KIND_DISPATCHED);
        assertThat(chat.finished().hasUsage()).isFalse();
    }

    @Test
    void aStreamThatEndsWithoutItsLastEmptyLineIsWhole() {
        ChatProbe chat = server.chat(hello());
        stream("data: {\"choices\":[{\"delta\":{\"content\":\"end\"}}]}".getBytes(StandardCharsets.UTF_8), 0);
        assertThat(chat.text()).isEqualTo("end");
        assertThat(chat.completed()).isTrue();
    }

    @Test
    void anAnswerOfOnePieceIsUnderstoodToo() {
        ChatProbe chat = server.chat(hello());
        agent.answer(
                task(),
                "{\"choices\":[{\"message\":{\"content\":\"whole\",\"reasoning_content\":\"why\",\"tool_calls\":"
                        + "[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                        + "{\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
                        + "\"finish_reason\":\"stop\"}]}");
        assertThat(chat.text()).isEqualTo("whole");
        assertThat(chat.reasoning()).isEqualTo("why");
        assertThat(chat.toolCalls()).extracting(ToolCall::getIndex).containsExactly(0, 1);
        assertThat(chat.finished().getFinishReason()).isEqualTo("stop");
        assertThat(chat.completed()).isTrue();
    }

    private static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of(
                        400,
                        "application/json",
                        "{\"error\":{\"message\":\"context is too long\"}}",
                        "context is too long"),
                Arguments.of(404, "application/json", "{\"error\":\"no such model\"}", "no such model"),
                Arguments.of(422, "application/json", "{\"detail\":\"odd\"}", "odd"),
                Arguments.of(500, "text/html", "<h1>oops</h1>", "oops"),
                Arguments.of(503, "", "", "503"),
                Arguments.of(500, "text/plain", "x".repeat(100_000), "xxx"),
                Arguments.of(302, "text/event-stream", "data: {}\n\n", "302"));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void theBackendsOwnErrorIsOne(int status, String type, String body, String message) {
        ChatProbe chat = server.chat(hello());
        agent.head(task(), status, type);
        for (int at = 0; at < body.length(); at += 16 << 10) {
            agent.chunk(task(), at, body.substring(at, Math.min(body.length(), at + (16 << 10))));
        }
        agent.end(task(), body.length());

        assertThat(chat.reason()).isEqualTo("BACKEND_ERROR");
        assertThat(chat.metadata()).containsEntry("http_status", Integer.toString(status));
        assertThat(chat.message()).contains(message).hasSizeLessThan(300);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void anErrorInsideTheStreamEndsItAndTheBackendsWork() {
        ChatProbe chat = server.chat(hello());
        agent.head(task(), 200, "text/event-stream");
        String said = "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n"
                + "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"
                + "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n";
        agent.chunk(task(), 0, said);

        assertThat(chat.text()).isEqualTo("one");
        assertThat(chat.reason()).isEqualTo("BACKEND_ERROR");
        assertThat(chat.message()).contains("out of memory");
        assertThat(agent.cancelled()).containsExactly(task().getTaskId());
        agent.chunk(task(), said.length(), "data: {}\n\n");
        agent.end(task(), said.length() + 10);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aStreamThatIsNotJsonIsABackendsFailure() {
        ChatProbe chat = server.chat(hello());
        agent.head(task(), 200, "text/event-stream");
        agent.chunk(task(), 0, "data: hello\n\n");
        assertThat(chat.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(agent.cancelled()).containsExactly(task().getTaskId());
    }

    @Test
    void anAnswerThatIsNeitherStreamNorJsonIsABackendsFailure() {
        ChatProbe chat = server.chat(hello());
        agent.answer(task(), "hello");
        assertThat(chat.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void anEventWithoutEndIsBounded() {
        ByteString piece = ByteString.copyFromUtf8("x".repeat(16 << 10));
        for (String type : List.of("text/event-stream", "application/json")) {
            ChatProbe chat = server.chat(hello());
            agent.head(task(), 200, type);
            agent.chunk(task(), 0, "data: ");
            for (int i = 0; i < 300 && chat.reason().isEmpty(); i++) {
                agent.chunk(task(), 6 + i * (16L << 10), piece);
            }
            assertThat(chat.reason()).isEqualTo("BACKEND_FAILED");
            assertThat(chat.message()).contains("longer than");
            assertThat(agent.cancelled()).contains(task().getTaskId());
        }
    }

    @Test
    void theRequestIsOpenAis() throws Exception {
        server.chat(hello().setTemperature(0.5)
                .setTopP(0.9)
                .setMaxTokens(100)
                .setSeed(1L << 40)
                .addStop("END")
                .setToolsJson("[{\"type\":\"function\"}]")
                .setExtraJson("{\"top_k\":40,\"temperature\":2,\"stream_options\":{}}")
                .addMessages(ChatMessage.newBuilder()
                        .setRole("assistant")
                        .addToolCalls(
                                ToolCall.newBuilder().setId("c1").setName("f").setArguments("{}")))
                .addMessages(ChatMessage.newBuilder()
                        .setRole("tool")
                        .setToolCallId("c1")
                        .setContent("42"))
                .addMessages(ChatMessage.newBuilder()
                        .setRole("user")
                        .setContentJson("[{\"type\":\"text\",\"text\":\"hi\"}]")));

        assertThat(body()).isEqualTo(new ObjectMapper().readTree("""
                {"model":"qwen3",
                 "messages":[
                   {"role":"user","content":"hello"},
                   {"role":"assistant","content":null,
                    "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
                   {"role":"tool","content":"42","tool_call_id":"c1"},
                   {"role":"user","content":[{"type":"text","text":"hi"}]}],
                 "temperature":0.5,"top_p":0.9,"max_tokens":100,"seed":1099511627776,"stop":["END"],
                 "tools":[{"type":"function"}],
                 "stream":true,"stream_options":{"include_usage":true},"top_k":40}
                """));
        assertThat(task().getHeadersMap()).containsEntry("accept", "text/event-stream");
        assertThat(task().getPath()).isEqualTo("chat/completions");
    }

    @Test
    void whatIsGivenAsJsonIsPassedAsItIsWritten() {
        String deep = "[".repeat(400) + "]".repeat(400);
        server.chat(hello().setToolsJson("[1.10, 123456789012345678901234567890, 1e400, \"\\u00e9\", null, true]")
                .setExtraJson("{\"a\": 0.30, \"temperature\": [1, {\"b\": [2]}], \"deep\": " + deep + "}")
                .setTemperature(1));
        assertThat(agent.input(task()).toStringUtf8())
                .contains("\"tools\":[1.10,123456789012345678901234567890,1e400,\"\u00e9\",null,true]")
                .contains("\"temperature\":1.0,")
                .endsWith("\"a\":0.30,\"deep\":" + deep + "}");
    }

    @Test
    void aLargeChatComesAsOthersDo() {
        String picture = "data:image/png;base64," + "A".repeat(1 << 20);
        server.chat(hello().addMessages(ChatMessage.newBuilder()
                .setRole("user")
                .setContentJson("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"" + picture + "\"}}]")));
        assertThat(agent.input(task()).toStringUtf8())
                .startsWith("{\"model\":\"qwen3\",")
                .contains("{\"url\":\"data:image/png;base64,AAAA")
                .hasSize(64 << 10); // a window's worth, until the agent has taken some of it
    }

    @Test
    void namesThatACallerThinksOfAreNotKept() {
        StringBuilder many = new StringBuilder("{");
        for (int i = 0; i < 400_000; i++) {
            many.append('"').append(Integer.toString(i, 36)).append("\":0,");
        }
        ChatProbe chat = server.chat(hello().setExtraJson(many + "\"stream\":false}"));

        assertThat(chat.reason()).isEqualTo("MALFORMED");
        assertThat(server.relay().bufferedBytes()).isZero();
    }

    @Test
    void aDeepNestIsSaidToBeOne() {
        ChatProbe chat = server.chat(hello().setToolsJson("[".repeat(2000)));
        assertThat(chat.message()).contains("tools_json: nested deeper than 1000 levels");
        String name = "n".repeat(60_000);
        server.chat(hello().setExtraJson("{\"" + name + "\":" + "1".repeat(2_000) + "}"));
        assertThat(agent.input(task()).toStringUtf8()).contains(name, "1".repeat(2_000));
    }

    @Test
    void whatIsUnsetIsLeftToTheBackend() throws Exception {
        server.chat(hello());
        assertThat(body().properties().stream().map(java.util.Map.Entry::getKey))
                .containsExactly("model", "messages", "stream", "stream_options");
    }

    private static Stream<Arguments> malformed() {
        ChatMessage user = ChatMessage.newBuilder().setRole("user").build();
        return Stream.of(
                Arguments.of(ChatRequest.newBuilder().setLlm("qwen3"), "messages"),
                Arguments.of(hello().setLlm(""), "name"),
                Arguments.of(hello().setLlm("a name"), "name"),
                Arguments.of(hello().addMessages(ChatMessage.newBuilder().setContent("x")), "messages[1].role"),
                Arguments.of(hello().addMessages(user.toBuilder().setContentJson("{")), "messages[1].content_json"),
                Arguments.of(hello().addMessages(user.toBuilder().setContentJson("{}")), "messages[1].content_json"),
                Arguments.of(hello().setToolsJson("nonsense"), "tools_json"),
                Arguments.of(hello().setToolsJson("{}"), "tools_json"),
                Arguments.of(hello().setToolsJson("[] []"), "tools_json"),
                Arguments.of(hello().setExtraJson("[]"), "extra_json"),
                Arguments.of(hello().setExtraJson(" "), "extra_json"),
                Arguments.of(hello().setExtraJson("{\"stream\":false}"), "extra_json"),
                Arguments.of(hello().setExtraJson("{\"model\":\"x\"}"), "extra_json"),
                Arguments.of(hello().setExtraJson("{\"a\":1"), "extra_json"),
                Arguments.of(hello().setExtraJson("{\"a\":}"), "extra_json"),
                Arguments.of(hello().setExtraJson("{\"stream_options\":[}"), "extra_json"),
                Arguments.of(hello().setExtraJson("{} {}"), "extra_json"),
                Arguments.of(hello().setToolsJson("[" + "[".repeat(2000)), "tools_json"),
                Arguments.of(hello().setTemperature(Double.NaN), "temperature"),
                Arguments.of(hello().setTopP(Double.POSITIVE_INFINITY), "top_p"));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void aFieldThatIsWrongIsNamed(ChatRequest.Builder request, String field) {
        ChatProbe chat = server.chat(request);
        assertThat(chat.reason()).isEqualTo("MALFORMED");
        assertThat(chat.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(chat.message()).contains(field);
        assertThat(agent.infers()).isEmpty();
    }

    @Test
    void aSleepingLlmIsWokenAndAMissingOneIsNotFound() {
        agent.register(ScriptedAgent.asleep("phi"));
        ChatProbe chat = server.chat(hello().setLlm("phi"));
        assertThat(chat.events().get(0).getPhase().getKind()).isEqualTo(Phase.Kind.KIND_WAKING);
        agent.awake(agent.wakes().get(0));
        stream(STREAM.getBytes(StandardCharsets.UTF_8), 10);
        assertUnderstood(chat);
        assertThat(server.chat(hello().setLlm("nobody")).reason()).isEqualTo("LLM_NOT_FOUND");
    }
}
