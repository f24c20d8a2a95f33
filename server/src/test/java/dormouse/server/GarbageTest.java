package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dormouse.contract.Problems;
import dormouse.server.fleet.LlmName;
import dormouse.v1.AgentMessage;
import dormouse.v1.Goodbye;
import dormouse.v1.Heartbeat;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.WakeResult;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** protocol.md, failure list, 23, in one process: messages that break the contract end what they concern, and no more. */
class GarbageTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent healthy = server.agent("healthy");
    private final ScriptedAgent odd = server.agent("odd");

    @BeforeEach
    void publish() {
        healthy.register(ScriptedAgent.awake("qwen3"));
    }

    /** Whatever an odd agent did, the others are as they were. */
    @AfterEach
    void theOthersHaveNotNoticed() {
        try (server) {
            InferProbe infer = server.infer("qwen3");
            healthy.answer(healthy.infers().get(healthy.infers().size() - 1), "fine");
            assertThat(infer.text()).isEqualTo("fine");
            healthy.heartbeat();
            assertThat(healthy.acks()).isEqualTo(1);
            assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        }
    }

    private static AgentMessage.Builder ofTheFuture() {
        UnknownFieldSet.Field field = UnknownFieldSet.Field.newBuilder()
                .addLengthDelimited(ByteString.copyFromUtf8("from a later version"))
                .build();
        return AgentMessage.newBuilder()
                .setUnknownFields(
                        UnknownFieldSet.newBuilder().addField(99, field).build());
    }

    private void assertEnded(String reason, Status.Code code) {
        assertThat(odd.endedWith()).isEqualTo(reason);
        assertThat(Status.fromThrowable(odd.error()).getCode()).isEqualTo(code);
        assertThat(server.server().sessions().attached()).hasSize(1);
    }

    @Test
    void aKindOfMessageThatIsNotKnownIsAnsweredWithAFault() {
        odd.register(ScriptedAgent.awake("phi"));
        odd.send(ofTheFuture());

        ServerMessage fault = odd.last(ServerMessage::hasFault);
        assertThat(Problems.reason(fault.getFault().getError())).isEqualTo("MALFORMED");
        assertThat(odd.open()).isTrue();
        odd.send(AgentMessage.newBuilder());
        odd.heartbeat();
        assertThat(odd.acks()).isEqualTo(1);
    }

    @Test
    void beforeRegisterNothingElseIsHeard() {
        odd.heartbeat();
        assertEnded("MALFORMED", Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void beforeRegisterNoUnknownKindEither() {
        odd.send(ofTheFuture());
        assertEnded("MALFORMED", Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void aSecondRegisterBeforeTheAnswerEndsTheStream() {
        server.lane().hold();
        odd.ask(ScriptedAgent.awake("phi"));
        odd.ask(ScriptedAgent.awake("phi"));
        assertThat(odd.endedWith()).isEqualTo("MALFORMED");
        server.lane().letGo();

        assertThat(server.server().sessions().attached()).hasSize(1);
        assertThat(server.server().fleet().find(new LlmName("phi")))
                .as("nothing is done for a stream that is over")
                .isNull();
    }

    @Test
    void whatComesBetweenRegisterAndItsAnswerIsDropped() {
        server.lane().hold();
        odd.ask(ScriptedAgent.awake("phi"));
        odd.heartbeat();
        odd.send(ofTheFuture());
        server.lane().letGo();

        assertThat(odd.open()).isTrue();
        assertThat(odd.heard()).hasSize(1).allMatch(ServerMessage::hasRegistered);
    }

    @Test
    void laterRegistersAreAllAnsweredButDoNotPileUp() {
        odd.register(ScriptedAgent.awake("phi"));
        server.lane().hold();
        for (int i = 0; i < 8; i++) {
            odd.ask(ScriptedAgent.awake("phi"));
        }
        assertThat(odd.open()).isTrue();
        server.lane().letGo();
        assertThat(odd.heard().stream().filter(ServerMessage::hasRegistered)).hasSize(9);

        server.lane().hold();
        for (int i = 0; i < 9; i++) {
            odd.ask(ScriptedAgent.awake("phi"));
        }
        assertThat(odd.endedWith()).isEqualTo("OVERLOADED");
        server.lane().letGo();
        assertThat(server.server().sessions().attached()).hasSize(1);
    }

    @Test
    void moreThanAThousandNamesAreRefusedAsAWhole() {
        List<LlmOffer> offers = new ArrayList<>();
        for (int i = 0; i <= 1000; i++) {
            offers.add(ScriptedAgent.awake("llm-" + i));
        }
        odd.ask(offers.toArray(new LlmOffer[0]));
        assertEnded("MALFORMED", Status.Code.INVALID_ARGUMENT);
        assertThat(server.server().fleet().find(new LlmName("llm-0"))).isNull();
    }

    @Test
    void aThousandNamesAreTaken() {
        List<LlmOffer> offers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            offers.add(ScriptedAgent.awake("llm-" + i));
        }
        assertThat(odd.register(offers.toArray(new LlmOffer[0])).getGrantsList())
                .hasSize(1000);
    }

    @Test
    void fieldsBeyondTheirBoundsAreCutOrRefused() {
        String huge = "x\n\u0000".repeat(100_000);
        odd.send(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .setAgentName(huge)
                        .setAgentVersion(huge)
                        .setInstanceId(huge)
                        .addLlms(ScriptedAgent.awake(huge))
                        .addLlms(ScriptedAgent.awake("phi"))));
        List<dormouse.v1.LlmGrant> grants =
                odd.last(ServerMessage::hasRegistered).getRegistered().getGrantsList();
        assertThat(grants).hasSize(2);
        assertThat(grants.toString()).hasSizeLessThan(5_000);
        assertThat(server.llm("phi").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        ScriptedAgent other = server.agent("other");
        other.session("s".repeat(65), ByteString.EMPTY).ask();
        assertThat(other.endedWith()).isEqualTo("MALFORMED");
    }

    @Test
    void senselessReportsAreAsGoodAsNone() {
        odd.register(ScriptedAgent.awake("phi"));
        Heartbeat.Builder heartbeat =
                Heartbeat.newBuilder().setSeq(Long.MIN_VALUE).setActiveTasks(-5);
        heartbeat.addReports(LlmReport.newBuilder().setName("no name").setStatusValue(1));
        heartbeat.addReports(LlmReport.newBuilder().setName("qwen3").setStatus(LlmStatus.LLM_STATUS_INACTIVE));
        for (int i = 0; i < 2000; i++) {
            heartbeat.addReports(LlmReport.newBuilder().setName("n" + i).setStatusValue(2));
        }
        odd.send(AgentMessage.newBuilder().setHeartbeat(heartbeat));

        assertThat(odd.last(ServerMessage::hasHeartbeatAck).getHeartbeatAck().getSeq())
                .isEqualTo(Long.MIN_VALUE);
        assertThat(server.llm("qwen3").getStatus()).as("another agent's").isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.llm("phi").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aFloodOfGoodbyesAndResultsIsHeardOnce() {
        odd.register(ScriptedAgent.asleep("phi"));
        server.infer("phi").cancel();
        String wake = odd.wakes().get(0).getTaskId();
        server.lane().hold();
        for (int i = 0; i < 1000; i++) {
            odd.send(AgentMessage.newBuilder()
                    .setWakeResult(WakeResult.newBuilder().setTaskId("t-" + i)));
            odd.send(AgentMessage.newBuilder()
                    .setWakeResult(WakeResult.newBuilder().setTaskId(wake)));
            odd.send(AgentMessage.newBuilder().setGoodbye(Goodbye.getDefaultInstance()));
        }
        server.lane().letGo();

        assertThat(odd.open()).isTrue();
        assertThat(server.llm("phi").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("phi").getStatusReason()).contains("goodbye");
    }

    @Test
    void aWakeThatTookLongerThanTimeItselfIsAWake() {
        odd.register(ScriptedAgent.asleep("phi"));
        InferProbe infer = server.infer("phi");
        odd.send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(odd.wakes().get(0).getTaskId())
                        .setTook(com.google.protobuf.Duration.newBuilder()
                                .setSeconds(Long.MAX_VALUE)
                                .setNanos(Integer.MAX_VALUE))));
        assertThat(odd.infers()).hasSize(1);
        odd.answer(odd.infers().get(0), "up");
        assertThat(infer.text()).isEqualTo("up");
    }

    @Test
    void anAgentThatNeverReadsItsAcksIsOverloadedAndLetGo() {
        ScriptedAgent deaf = server.slowAgent("deaf", 1);
        deaf.register(ScriptedAgent.offer(LlmSpec.newBuilder().setName("phi"), LlmStatus.LLM_STATUS_ACTIVE));
        int sent = 0;
        while (sent < 5000 && server.server().sessions().attached().size() == 2) {
            deaf.heartbeat();
            sent++;
        }
        assertThat(sent).isBetween(4096, 4200);
        deaf.take(10_000);
        assertThat(deaf.endedWith()).isEqualTo("OVERLOADED");
        assertThat(server.llm("phi").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }
}
