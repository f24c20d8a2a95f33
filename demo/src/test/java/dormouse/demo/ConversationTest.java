package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dormouse.v1.ChatEvent;
import dormouse.v1.Finished;
import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import dormouse.v1.Usage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private long now;
    private final Narrator narrator = new Narrator(new PrintStream(out, true, UTF_8), () -> now);
    private final Conversation conversation = new Conversation(narrator, () -> now);

    private void at(long millis, ChatEvent.Builder event) {
        now = TimeUnit.MILLISECONDS.toNanos(millis);
        conversation.accept(event.build());
    }

    private static ChatEvent.Builder phase(Phase.Kind kind) {
        return ChatEvent.newBuilder().setPhase(Phase.newBuilder().setKind(kind));
    }

    @Test
    void a_wake_and_an_answer_are_told_in_order_with_their_times() {
        at(100, phase(Phase.Kind.KIND_WAKING));
        at(900, phase(Phase.Kind.KIND_WAKING));
        at(1350, phase(Phase.Kind.KIND_DISPATCHED));
        assertThat(conversation.answered()).isFalse();
        at(1400, ChatEvent.newBuilder().setText("Once\nupon"));
        at(1450, ChatEvent.newBuilder().setText(" a time."));
        at(
                1500,
                ChatEvent.newBuilder()
                        .setFinished(Finished.newBuilder()
                                .setUsage(Usage.newBuilder().setPromptTokens(7).setCompletionTokens(5))
                                .setWoke(Duration.newBuilder().setSeconds(1).setNanos(250_000_000))
                                .setFirstByte(Duration.newBuilder().setNanos(4_200_000))));
        assertThat(conversation.answered()).isTrue();
        assertThat(out.toString(UTF_8)).isEqualTo("""
                           0.100 s  waking …      the server tells the agent, the agent runs the recipe
                           1.350 s  awake         after 1250 ms
                           1.400 s  answer

                            Once
                            upon a time.

                           1.500 s  done          7 tokens in · 5 out · woke in 1250 ms · first byte after 4.2 ms
                        """.indent(0).replaceAll("(?m)^   (?=\\d)", "   "));
    }

    @Test
    void an_answer_without_a_wake_tells_of_none() {
        at(1, phase(Phase.Kind.KIND_QUEUED));
        at(2, phase(Phase.Kind.KIND_DISPATCHED));
        at(3, ChatEvent.newBuilder().setReasoning("hm"));
        assertThat(out.toString(UTF_8)).contains("hm").doesNotContain("awake").doesNotContain("waking");
    }

    @Test
    void the_table_has_a_column_for_each_fact() {
        Llm llm = Llm.newBuilder()
                .setSpec(LlmSpec.newBuilder().setName("storyteller").setModel("m"))
                .setKind(LlmKind.LLM_KIND_VIRTUAL)
                .setStatus(LlmStatus.LLM_STATUS_ACTIVE)
                .setAgentName("demo")
                .build();
        assertThat(LlmTable.lines(List.of(llm)))
                .containsExactly(
                        "NAME          KIND      STATUS   MODEL   AGENT   TASKS",
                        "storyteller   VIRTUAL   ACTIVE   m       demo    0");
    }
}
