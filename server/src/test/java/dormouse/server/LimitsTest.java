package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.Infer;
import dormouse.v1.InferRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** product.md, "Infer, in full" and "Security": what is held is bounded, and what is beyond a bound has a name. */
class LimitsTest {
    private final Harness server = Harness.start(
            "limits.requestBytes=64KiB",
            "limits.bufferedBytes=100KiB",
            "limits.waitersPerLlm=3",
            "limits.queuePerLlm=0",
            "limits.framesPerSecond=100");
    private final ScriptedAgent agent = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private InferProbe infer(int bytes) {
        return server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .setInput(ByteString.copyFrom(new byte[bytes]))
                .build());
    }

    @Test
    void aBodyBeyondTheLimitIsTooLarge() {
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe large = infer((64 << 10) + 1);
        assertThat(large.reason()).isEqualTo("TOO_LARGE");
        assertThat(large.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(large.message()).contains("65537").contains("65536");
        assertThat(large.retryAfter()).isNull();
        assertThat(agent.infers()).isEmpty();
        assertThat(infer(64 << 10).over()).isFalse();
    }

    @Test
    void bodiesInSumAreBoundedAndGivenBackAtTheFirstByte() {
        agent.register(ScriptedAgent.awake("qwen3"));
        infer(60 << 10);
        InferProbe refused = infer(60 << 10);
        assertThat(refused.reason()).isEqualTo("OVERLOADED");
        assertThat(refused.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refused.retryAfter()).isNotNull().isPositive();
        assertThat(server.relay().bufferedBytes()).isEqualTo(60 << 10);
        assertThat(infer(40 << 10).over()).as("to the last byte").isFalse();
        assertThat(infer(1).reason()).isEqualTo("OVERLOADED");

        Infer first = agent.infers().get(0);
        agent.head(first, 200, "text/plain");
        assertThat(server.relay().bufferedBytes()).isEqualTo(100 << 10);
        agent.chunk(first, 0, "x");
        assertThat(server.relay().bufferedBytes()).isEqualTo(40 << 10);
        assertThat(infer(60 << 10).over()).as("it has recovered").isFalse();
    }

    @Test
    void whateverEndsATaskGivesItsBodyBack() {
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe cancelled = infer(1000);
        InferProbe failed = infer(2000);
        InferProbe unknown = server.infer("no-such-llm");
        assertThat(unknown.reason()).isEqualTo("LLM_NOT_FOUND");
        cancelled.cancel();
        assertThat(server.relay().bufferedBytes()).isEqualTo(2000);
        agent.end(agent.infers().get(1), 7);
        assertThat(failed.over()).isTrue();
        assertThat(server.relay().bufferedBytes()).isZero();
    }

    @Test
    void thoseThatWaitForAWakeAreBounded() {
        agent.register(ScriptedAgent.asleep("qwen3"));
        List<InferProbe> waiters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiters.add(infer(1));
        }
        assertThat(waiters.get(3).reason()).isEqualTo("QUEUE_FULL");
        assertThat(waiters.get(3).retryAfter()).isNotNull().isPositive();
        assertThat(waiters.subList(0, 3)).noneMatch(InferProbe::over);
        assertThat(agent.wakes()).hasSize(1);

        waiters.get(0).cancel();
        assertThat(infer(1).over()).as("there is a place again").isFalse();
        agent.awake(agent.wakes().get(0));
        assertThat(agent.infers()).hasSize(3);
    }

    @Test
    void aQueueOfNoneStillLetsThoseThroughThatNeedNotWait() {
        agent.register(ScriptedAgent.awake("qwen3"));
        for (int i = 0; i < 4; i++) {
            assertThat(infer(1).over()).isFalse();
        }
        assertThat(infer(1).reason()).isEqualTo("QUEUE_FULL");
        assertThat(agent.infers()).hasSize(4);
    }

    @Test
    void anAgentThatSaysMoreThanOneCanNeedIsLetGoAndItsNeighbourIsNot() {
        agent.register(ScriptedAgent.awake("qwen3"));
        ScriptedAgent neighbour = server.agent("bo");
        neighbour.register(ScriptedAgent.awake("phi"));
        for (int i = 0; i < 499; i++) {
            agent.heartbeat();
        }
        assertThat(agent.acks()).as("five seconds' worth at once").isEqualTo(499);

        server.advance(Duration.ofMillis(10));
        agent.heartbeat();
        assertThat(agent.acks()).as("what the time has brought").isEqualTo(500);
        agent.heartbeat();
        assertThat(agent.endedWith()).isEqualTo("RATE_LIMITED");
        assertThat(agent.retryAfter()).isEqualTo(Duration.ofSeconds(10));
        neighbour.heartbeat();
        assertThat(neighbour.acks()).isOne();
    }

    private ChatProbe chat(ChatMessage.Builder... messages) {
        ChatRequest.Builder request = ChatRequest.newBuilder().setLlm("qwen3");
        for (ChatMessage.Builder message : messages) {
            request.addMessages(message);
        }
        return server.chat(request);
    }

    @Test
    void aChatThatIsTooLargeIsRefusedBeforeItIsLookedAt() {
        ChatProbe chat = chat(
                ChatMessage.newBuilder().setRole("user").setContent("x".repeat(64 << 10)),
                ChatMessage.newBuilder().setContent("has no role"));
        assertThat(chat.reason()).isEqualTo("TOO_LARGE");
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aChatWhoseBodyBecomesTooLargeIsRefusedWhileItIsMade() {
        String escaped = "\u0001".repeat(30 << 10); // six bytes of JSON each
        ChatProbe chat = chat(ChatMessage.newBuilder().setRole("user").setContent(escaped));
        assertThat(chat.reason()).isEqualTo("TOO_LARGE");
        Matcher bytes = Pattern.compile("has (\\d+) bytes").matcher(chat.message());
        assertThat(bytes.find()).isTrue();
        assertThat(Integer.parseInt(bytes.group(1))).as("of 180 KiB").isBetween(64 << 10, 80 << 10);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }
}
