package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A server of its own process, on free ports that it keeps over restarts, with a database in a directory of the test's. */
final class ServerProcess implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path directory;
    private final List<String> sets;
    private final List<ManagedChannel> channels = new ArrayList<>();
    private Program program;
    private String address = "127.0.0.1:0";
    private String http = "127.0.0.1:0";
    private ManagedChannel channel;

    private ServerProcess(Path directory, List<String> sets) {
        this.directory = directory;
        this.sets = sets;
        this.program = begin();
        this.channel = newChannel();
    }

    /** @param sets keys and values, as {@code --set} has them */
    static ServerProcess start(Path directory, String... sets) {
        return new ServerProcess(directory, List.of(sets));
    }

    private Program begin() {
        Path ports = directory.resolve("ports");
        try {
            Files.deleteIfExists(ports);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> command = Program.java("server", "--ports-file", ports.toString());
        command.addAll(List.of("--set", "grpc.address=" + address, "--set", "http.address=" + http));
        command.addAll(List.of("--set", "database.url=jdbc:h2:file:" + directory.resolve("db")));
        sets.forEach(set -> command.addAll(List.of("--set", set)));
        Program started = Program.start("server", directory, command);
        await().alias("the server is up")
                .atMost(PATIENCE)
                .failFast(() -> assertThat(started.alive()).as(started::log).isTrue())
                .until(() -> Files.exists(ports));
        address = line(ports, "grpc");
        http = line(ports, "http");
        return started;
    }

    private static String line(Path ports, String door) {
        try {
            return Files.readAllLines(ports).stream()
                    .filter(line -> line.startsWith(door + "="))
                    .findFirst()
                    .orElseThrow()
                    .substring(door.length() + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new process on the same ports and database; the old one must have ended. */
    void startAgain() {
        program = begin();
    }

    Program program() {
        return program;
    }

    String address() {
        return address;
    }

    /** The token that it has shown at its first start, where it asks for tokens. */
    String firstToken() {
        return program.log()
                .lines()
                .filter(line -> line.contains("the first token of an ADMIN"))
                .map(line -> line.substring(line.indexOf("dmt_")))
                .findFirst()
                .orElseThrow();
    }

    /** Where HTTP clients connect, as {@code http://HOST:PORT}. */
    String http() {
        return "http://" + http;
    }

    /** A connection of its own. */
    ManagedChannel newChannel() {
        ManagedChannel made = NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
        channels.add(made);
        return made;
    }

    LlmServiceGrpc.LlmServiceBlockingStub llms() {
        return LlmServiceGrpc.newBlockingStub(channel);
    }

    AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel);
    }

    InferenceServiceGrpc.InferenceServiceStub inference() {
        return InferenceServiceGrpc.newStub(channel);
    }

    AgentServiceGrpc.AgentServiceStub agents() {
        return AgentServiceGrpc.newStub(newChannel());
    }

    Optional<Llm> find(String name) {
        try {
            return Optional.of(
                    llms().getLlm(GetLlmRequest.newBuilder().setName(name).build()));
        } catch (StatusRuntimeException e) {
            return Optional.empty();
        }
    }

    /** {@code ACTIVE} and so on; empty where there is no such Llm, or no server. */
    String status(String name) {
        return find(name)
                .map(llm -> llm.getStatus().name().substring("LLM_STATUS_".length()))
                .orElse("");
    }

    void awaitStatus(String name, String status) {
        await().alias(name + " is " + status)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> status(name).equals(status));
    }

    List<Llm> all() {
        return llms().listLlms(ListLlmsRequest.newBuilder().setPageSize(1000).build())
                .getLlmsList();
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        program.close();
    }
}
