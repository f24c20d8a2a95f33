package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Llm;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 20: the server's process is killed in the middle of its work. */
class ServerKilledTest {
    @TempDir
    Path directory;

    /** Registers one name on a stream of its own, and notes what is acknowledged. */
    private static void register(
            AgentServiceGrpc.AgentServiceStub stub, String name, Map<String, Registered> acknowledged) {
        StreamObserver<AgentMessage> stream = stub.connect(new StreamObserver<>() {
            @Override
            public void onNext(ServerMessage message) {
                if (message.hasRegistered()) {
                    acknowledged.put(name, message.getRegistered());
                }
            }

            @Override
            public void onError(Throwable t) {}

            @Override
            public void onCompleted() {}
        });
        stream.onNext(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .setAgentName("agent of " + name)
                        .addLlms(LlmOffer.newBuilder()
                                .setSpec(LlmSpec.newBuilder().setName(name))))
                .build());
    }

    @Test
    void whatWasAcknowledgedIsThereAndTheAgentsComeBackByThemselves() throws InterruptedException {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{\"text\":\"alive\"}"));
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Llm before = server.find("mine").orElseThrow();

            Map<String, Registered> acknowledged = new ConcurrentHashMap<>();
            AgentServiceGrpc.AgentServiceStub stub = server.agents();
            for (int i = 0; i < 100; i++) {
                register(stub, "llm-" + i, acknowledged);
            }
            await().pollInterval(java.time.Duration.ofMillis(1))
                    .atMost(ServerProcess.PATIENCE)
                    .until(() -> acknowledged.size() >= 20);
            server.program().kill();
            Set<String> promised = Set.copyOf(acknowledged.keySet());
            System.out.println("killed after " + promised.size() + " of 100 registrations were acknowledged");

            server.startAgain();
            Set<String> there =
                    server.all().stream().map(llm -> llm.getSpec().getName()).collect(Collectors.toSet());
            assertThat(there).containsAll(promised).contains("mine");

            server.awaitStatus("mine", "ACTIVE");
            Llm after = server.find("mine").orElseThrow();
            assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
            assertThat(after.getSessionId()).isEqualTo(before.getSessionId());
            Call call = Call.start(server.inference(), "mine", "{}");
            assertThat(call.end()).isEqualTo("OK");
            assertThat(call.text()).contains("alive");
            assertThat(agent.program().alive()).isTrue();
        }
    }
}
