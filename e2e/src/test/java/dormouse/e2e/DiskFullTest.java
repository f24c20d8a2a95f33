package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Failure list 22: the disk of a real server is full. Tokens flow, heartbeats are kept, registrations are refused with
 * STORE_UNAVAILABLE; with room again all goes on, without a restart, and nothing that was acknowledged is lost.
 */
@Tag("slow")
class DiskFullTest {
    @TempDir
    Path directory;

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Queue<String> refused = new ConcurrentLinkedQueue<>();

    /** Registers one name on a stream of its own. */
    private void register(AgentServiceGrpc.AgentServiceStub stub, String name) {
        StreamObserver<AgentMessage> stream = stub.connect(new StreamObserver<>() {
            @Override
            public void onNext(ServerMessage message) {
                if (message.hasRegistered()) {
                    acknowledged.add(name);
                }
            }

            @Override
            public void onError(Throwable t) {
                refused.add(dormouse.contract.Problems.reason(t));
            }

            @Override
            public void onCompleted() {}
        });
        stream.onNext(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .setAgentName("agent of " + name)
                        .addLlms(LlmOffer.newBuilder()
                                .setSpec(LlmSpec.newBuilder().setName(name).putLabels("note", "x".repeat(200)))))
                .build());
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void tokensFlowAndNothingAcknowledgedIsLost() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        if (!run("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", disk.toString())) {
            System.out.println("skipped: a small disk to fill can't be mounted here");
            abort("a small disk to fill can't be mounted here");
        }
        try (FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{\"text\":\"alive\"}"));
                ServerProcess server = ServerProcess.start(disk);
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Path ballast = Files.write(disk.resolve("ballast"), new byte[4 << 20]);
            AgentServiceGrpc.AgentServiceStub stub = server.agents();
            AtomicInteger count = new AtomicInteger();
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        if (count.get() - acknowledged.size() - refused.size()
                                < 8) { // a few at a time wait for their answer
                            register(stub, "llm-" + count.getAndIncrement());
                        }
                        return refused.contains("STORE_UNAVAILABLE");
                    });

            Call during = Call.start(server.inference(), "mine", "{}");
            assertThat(during.end()).as("an infer needs no disk").isEqualTo("OK");
            assertThat(agent.program().alive()).isTrue();
            assertThat(server.program().alive()).isTrue();
            System.out.printf(
                    "disk full after %d of %d registrations; infers go on%n", acknowledged.size(), count.get());

            Files.delete(ballast);
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> {
                        register(stub, "with-room-again");
                        return acknowledged.contains("with-room-again");
                    });
            Set<String> promised = Set.copyOf(acknowledged);
            server.program().kill();
            server.startAgain();

            Set<String> missing = promised.stream()
                    .filter(name -> server.find(name).isEmpty())
                    .collect(Collectors.toSet());
            assertThat(missing).as("acknowledged, and gone").isEmpty();
            assertThat(server.llms()
                            .listLlmEvents(ListLlmEventsRequest.newBuilder()
                                    .setName("with-room-again")
                                    .build())
                            .getEventsList())
                    .isNotEmpty();
            server.awaitStatus("mine", "ACTIVE");
        } finally {
            run("umount", disk.toString());
        }
    }
}
