package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferEnd;
import dormouse.v1.InferEvent;
import dormouse.v1.InferHead;
import dormouse.v1.InferRequest;
import dormouse.v1.Usage;
import io.grpc.Status;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** product.md, "Infer, in full", as far as the server alone answers for it: bytes pass as they are, credentials never. */
class PassThroughTest {
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

    private Infer task() {
        return agent.infers().get(agent.infers().size() - 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anAnswerOfFiveMegabytesArrivesByteForByteAsItComes(long seed) {
        Random random = new Random(seed);
        byte[] answer = new byte[5_000_000];
        random.nextBytes(answer);
        InferProbe infer = server.infer("qwen3");
        agent.head(task(), 200, "application/octet-stream");
        int at = 0;
        while (at < answer.length) {
            int most = random.nextInt(4) == 0 ? 16 << 10 : 600;
            int length = Math.min(1 + random.nextInt(most), answer.length - at);
            agent.chunk(task(), at, ByteString.copyFrom(answer, at, length));
            at += length;
            if (at == length) {
                assertThat(infer.bytes().size())
                        .as("the first byte waits for none")
                        .isEqualTo(length);
            }
        }
        agent.end(task(), answer.length);

        assertThat(infer.bytes()).isEqualTo(ByteString.copyFrom(answer));
        assertThat(infer.completed()).isTrue();
    }

    @Test
    void theBodyReachesTheAgentAsTheClientSentIt() {
        String body = "{\"model\": \"other\",\"temperature\":1.10,\"seed\":12345678901234567890123, \"ä\":\"\\u00e4\"}";
        server.infer("qwen3", body);
        assertThat(agent.input(task()).toStringUtf8()).isEqualTo(body);
        assertThat(task().getPath()).isEqualTo("chat/completions");
        assertThat(task().getContentType()).isEqualTo("application/json");
    }

    @Test
    void pathAndContentTypePass() {
        server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .setPath("audio/transcriptions?language=de")
                .setContentType("multipart/form-data; boundary=x")
                .build());
        assertThat(task().getPath()).isEqualTo("audio/transcriptions?language=de");
        assertThat(task().getContentType()).isEqualTo("multipart/form-data; boundary=x");
    }

    private static InferRequest.Builder ofType(String contentType) {
        return InferRequest.newBuilder()
                .setLlm("qwen3")
                .setContentType(contentType)
                .setInput(ByteString.copyFromUtf8("{\"model\":\"another of the backend's\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "text/plain; json",
                "application/jsonx",
                "multipart/form-data-x",
                "application/json, text/plain",
                "application/json\r\nx: y",
                "application/json\n",
                "application/json; x=\u0000",
                "application/json; x=ä",
                "json",
                " "
            })
    void aBodyInWhichNoAgentFindsTheModelIsRefused(String contentType) {
        InferProbe infer = server.infer(ofType(contentType).build());
        assertThat(infer.reason()).isEqualTo("MALFORMED");
        assertThat(infer.message()).startsWith("content_type");
        assertThat(agent.infers()).isEmpty();
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json; charset=utf-8",
                "Application/JSON ;x=y",
                "application/vnd.x+json",
                "multipart/form-data; boundary=x"
            })
    void jsonByWhateverNameAndFormsPass(String contentType) {
        server.infer(ofType(contentType).build());
        assertThat(task().getContentType()).isEqualTo(contentType);
    }

    @Test
    void aContentTypeOfMegabytesIsRefusedAndTheAgentStays() {
        String most = "application/json; x=" + "y".repeat(236);
        server.infer(ofType(most).build());
        assertThat(task().getContentType()).isEqualTo(most);

        for (String more : new String[] {most + "y", most + "y".repeat(5 << 20)}) {
            for (boolean body : new boolean[] {true, false}) {
                InferRequest.Builder request = ofType(more);
                InferProbe infer = server.infer((body ? request : request.clearInput()).build());
                assertThat(infer.reason()).isEqualTo("MALFORMED");
                assertThat(infer.message()).isEqualTo("content_type: at most 256 characters of printable ASCII");
            }
        }
        assertThat(agent.infers()).hasSize(1);
        assertThat(agent.open()).isTrue();
    }

    @Test
    void aPathThatClimbsIsRefused() {
        InferProbe infer = server.infer(
                InferRequest.newBuilder().setLlm("qwen3").setPath("../admin").build());
        assertThat(infer.reason()).isEqualTo("MALFORMED");
        assertThat(infer.message()).startsWith("path:");
        assertThat(agent.infers()).isEmpty();
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void thoseHeadersPassThatMayAndCredentialsNever() {
        server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .putHeaders("Accept", "text/event-stream")
                .putHeaders("traceparent", "00-1-2-01")
                .putHeaders("tracestate", "a=b")
                .putHeaders("X-Request-Id", "r1")
                .putHeaders("anthropic-version", "2023-06-01")
                .putHeaders("anthropic-beta", "x")
                .putHeaders("openai-beta", "y")
                .putHeaders("Authorization", "Bearer secret")
                .putHeaders("x-api-key", "secret")
                .putHeaders("cookie", "secret")
                .putHeaders("api-key", "secret")
                .putHeaders("host", "elsewhere")
                .putHeaders("x-forwarded-for", "1.2.3.4")
                .build());
        assertThat(task().getHeadersMap())
                .isEqualTo(Map.of(
                        "accept", "text/event-stream",
                        "traceparent", "00-1-2-01",
                        "tracestate", "a=b",
                        "x-request-id", "r1",
                        "anthropic-version", "2023-06-01",
                        "anthropic-beta", "x",
                        "openai-beta", "y"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nAuthorization: Bearer x", "a\nb", "a\u0000b"})
    void aHeaderThatWouldBecomeTwoIsRefused(String value) {
        InferProbe infer = server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .putHeaders("x-request-id", value)
                .build());
        assertThat(infer.reason()).isEqualTo("MALFORMED");
        assertThat(infer.message()).contains("x-request-id").doesNotContain("Bearer");
    }

    @Test
    void ofTheBackendsHeadersTwoPassBackAndTheTaskHasItsId() {
        InferProbe infer = server.infer("qwen3");
        agent.send(AgentMessage.newBuilder()
                .setInferHead(InferHead.newBuilder()
                        .setTaskId(task().getTaskId())
                        .setStatus(429)
                        .setContentType("application/problem+json")
                        .putHeaders("Retry-After", "7")
                        .putHeaders("x-request-id", "r1")
                        .putHeaders("set-cookie", "secret")
                        .putHeaders("server", "llama")));
        agent.chunk(task(), 0, "{\"error\":1}");
        agent.end(task(), 11);

        assertThat(infer.head())
                .isEqualTo(InferHead.newBuilder()
                        .setTaskId(task().getTaskId())
                        .setStatus(429)
                        .setContentType("application/problem+json")
                        .putHeaders("retry-after", "7")
                        .putHeaders("x-request-id", "r1")
                        .build());
        assertThat(infer.text()).isEqualTo("{\"error\":1}");
        assertThat(infer.completed())
                .as("an answer that is an error is an answer")
                .isTrue();
    }

    @Test
    void theHeadIsHeldUntilTheFirstByteAndEventsComeInOrder() {
        InferProbe infer = server.infer("qwen3");
        agent.head(task(), 200, "text/plain");
        assertThat(infer.head()).isNull();
        agent.chunk(task(), 0, "x");
        assertThat(infer.head()).isNotNull();
        agent.end(task(), 1);
        assertThat(infer.events())
                .extracting(InferEvent::getEventCase)
                .containsExactly(
                        InferEvent.EventCase.PHASE,
                        InferEvent.EventCase.HEAD,
                        InferEvent.EventCase.CHUNK,
                        InferEvent.EventCase.FINISHED);
    }

    @Test
    void usageAndTimesAreToldAtTheEndWhereThereAreAny() {
        InferProbe counted = server.infer("qwen3");
        server.advance(java.time.Duration.ofSeconds(2));
        agent.head(task(), 200, "text/plain");
        agent.chunk(task(), 0, "x");
        server.advance(java.time.Duration.ofSeconds(3));
        agent.send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder()
                        .setTaskId(task().getTaskId())
                        .setBytes(1)
                        .setUsage(Usage.newBuilder().setPromptTokens(11).setCompletionTokens(7))));
        assertThat(counted.finished().getUsage().getPromptTokens()).isEqualTo(11);
        assertThat(counted.finished().getUsage().getCompletionTokens()).isEqualTo(7);
        assertThat(counted.finished().getFirstByte().getSeconds()).isEqualTo(2);
        assertThat(counted.finished().getTotal().getSeconds()).isEqualTo(5);

        InferProbe uncounted = server.infer("qwen3");
        agent.answer(task(), "x");
        assertThat(uncounted.finished().hasUsage()).isFalse();
    }

    @Test
    void whereNoLlmIsNamedTheBodysModelIsIt() {
        for (String body : new String[] {
            "{\"model\":\"qwen3\"}",
            "{\"messages\":[{\"model\":\"no\"}],\"x\":{\"model\":1},\"model\" : \"qwen3\", \"y\":0}",
            "{\"model\":\"of two the last counts\",\"model\":\"qwen3\"}",
        }) {
            InferProbe infer = server.infer("", body);
            assertThat(infer.over()).as(infer.message()).isFalse();
            assertThat(task().getLlm()).isEqualTo("qwen3");
            assertThat(agent.input(task()).toStringUtf8()).isEqualTo(body);
        }
    }

    @Test
    void aLargeBodyIsReadForItsModelToo() {
        server.infer("", "{\"image\":\"" + "a".repeat(300 << 10) + "\",\"model\":\"qwen3\"}");
        assertThat(task().getLlm()).isEqualTo("qwen3");
        assertThat(server.infer("", "{\"image\":\"" + "a".repeat(300 << 10) + "\"}")
                        .reason())
                .isEqualTo("MALFORMED");
        assertThat(server.relay().bufferedBytes()).as("of the first alone").isEqualTo((300 << 10) + 28);
    }

    @Test
    void theNamedLlmWinsOverTheBodysModel() {
        server.infer("qwen3", "{\"model\":\"no-such-llm\"}");
        assertThat(task().getLlm()).isEqualTo("qwen3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | MALFORMED",
                "{\"model\":5} | MALFORMED",
                "{\"model\":null} | MALFORMED",
                "[{\"model\":\"qwen3\"}] | MALFORMED",
                "not json | MALFORMED",
                "{\"x\": | MALFORMED",
                "{\"model\":\"qwen3\",\"x\": | MALFORMED",
                "{\"model\":\"a name\"} | MALFORMED",
                "{\"model\":\"\"} | MALFORMED",
                "{\"model\":\"no-such-llm\"} | LLM_NOT_FOUND",
            })
    void aBodyThatNamesNoneIsRefused(String body, String reason) {
        InferProbe infer = server.infer("", body);
        assertThat(infer.reason()).isEqualTo(reason);
        assertThat(agent.infers()).isEmpty();
    }

    @Test
    void aBodyNestedWithoutEndIsRefusedNotFollowed() {
        assertThat(server.infer("", "{\"x\":" + "[".repeat(1_000_000)).reason()).isEqualTo("MALFORMED");
    }

    @Test
    void anotherKindOfBodyNeedsAName() {
        InferProbe infer = server.infer(InferRequest.newBuilder()
                .setContentType("multipart/form-data")
                .setInput(ByteString.copyFromUtf8("{\"model\":\"qwen3\"}"))
                .build());
        assertThat(infer.reason()).isEqualTo("MALFORMED");
        assertThat(infer.message()).startsWith("llm:");
    }

    @ParameterizedTest
    @CsvSource({
        "BACKEND_FAILED, BACKEND_FAILED, UNAVAILABLE, true",
        "OVERLOADED, OVERLOADED, UNAVAILABLE, true",
        "LLM_INACTIVE, LLM_INACTIVE, UNAVAILABLE, true",
        "LLM_NOT_FOUND, LLM_INACTIVE, UNAVAILABLE, true",
        "FIRST_BYTE_TIMEOUT, FIRST_BYTE_TIMEOUT, DEADLINE_EXCEEDED, false",
        "IDLE_TIMEOUT, IDLE_TIMEOUT, DEADLINE_EXCEEDED, false",
        "UNAUTHENTICATED, INTERNAL, INTERNAL, false",
        "CLIENT_GONE, INTERNAL, INTERNAL, false",
        "RUBBISH, INTERNAL, INTERNAL, false",
        "'', INTERNAL, INTERNAL, false",
    })
    void anAgentMayFailATaskInItsOwnWordsOnly(String said, String told, Status.Code code, boolean retry) {
        InferProbe infer = server.infer("qwen3");
        agent.end(task(), 0, Problems.status(Status.Code.UNAVAILABLE, said, "line one\nline two"));
        assertThat(infer.reason()).isEqualTo(told);
        assertThat(infer.code()).isEqualTo(code);
        assertThat(infer.retryAfter() != null).isEqualTo(retry);
        assertThat(infer.message()).isEqualTo("line one line two");
    }

    @Test
    void afterTheFirstByteABackendsFailureIsNotToBeTriedAgain() {
        InferProbe infer = server.infer("qwen3");
        agent.head(task(), 200, "text/plain");
        agent.chunk(task(), 0, "half");
        agent.end(task(), 4, Problems.status(Status.Code.UNAVAILABLE, "BACKEND_FAILED", "it was cut off"));
        assertThat(infer.text()).isEqualTo("half");
        assertThat(infer.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(infer.retryAfter()).isNull();
    }
}
