package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Heartbeat;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** protocol.md, failure list, 23, on a real port: what is no gRPC at all, bytes one at a time, a million tiny messages. */
class GarbageOnSocketsTest {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final String SETTINGS = "\0\0\0\4\0\0\0\0\0";
    private static final Logger GRPC = Logger.getLogger("io.grpc"); // it says at length what these tests do to it

    private static RealServer server;
    private static PacedAgent healthy;

    @BeforeAll
    static void start() {
        GRPC.setLevel(Level.OFF);
        server = RealServer.start("limits.requestBytes=1MiB", "lifecycle.heartbeatTimeout=1h");
        healthy = new PacedAgent("healthy", 16 << 10);
        healthy.connect(server.channel(), ScriptedAgent.awake("qwen3"));
        await().until(healthy::registered);
    }

    @AfterAll
    static void close() {
        server.close();
        GRPC.setLevel(null);
    }

    /** Whatever an odd peer did, the others are as they were. */
    @AfterEach
    void theOthersHaveNotNoticed() throws Exception {
        CheckingClient client =
                new CheckingClient(server.channel(), "qwen3", 100_000, Integer.MAX_VALUE, Long.MAX_VALUE);
        assertThat(client.await()).isTrue();
        assertThat(client.completed()).isTrue();
        assertThat(client.wrong()).isFalse();
        assertThat(healthy.over()).isFalse();
        await().until(() -> server.server().sessions().attached().size() == 1);
    }

    private static Stream<Arguments> noGrpc() {
        byte[] random = new byte[4096];
        new Random(5).nextBytes(random);
        return Stream.of(
                Arguments.of("HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII)),
                Arguments.of("a TLS hello", new byte[] {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0}),
                Arguments.of("chance", random),
                Arguments.of("a preface, then text", (PREFACE + "hello, is anybody there?").getBytes(US_ASCII)),
                Arguments.of("a frame of 16 MB", (PREFACE + SETTINGS + "\177\177\177\0\0\0\0\0\1").getBytes(US_ASCII)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("noGrpc")
    void whatIsNoGrpcIsShownTheDoor(String name, byte[] said) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(said);
            InputStream in = socket.getInputStream();
            try {
                assertThat(in.readAllBytes()).as("a goodbye of HTTP/2 at most").hasSizeLessThan(1000);
            } catch (SocketException reset) {
                assertThat(reset).hasMessageContaining("reset"); // an end as good as the other
            }
        }
    }

    @Test
    void aPeerThatSaysHalfAWordHoldsNobodyUp() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write(PREFACE.substring(0, 10).getBytes(US_ASCII));
            theOthersHaveNotNoticed();
        }
    }

    /** Calls {@code Connect} with bytes of our own in place of its message; how it ended. */
    private static Status connectWith(byte[] message) throws Exception {
        MethodDescriptor.Marshaller<byte[]> plain = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        MethodDescriptor<byte[], byte[]> connect =
                AgentServiceGrpc.getConnectMethod().toBuilder(plain, plain).build();
        ClientCall<byte[], byte[]> call = server.channel().newCall(connect, CallOptions.DEFAULT);
        CompletableFuture<Status> end = new CompletableFuture<>();
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(status);
                    }
                },
                new Metadata());
        call.request(10);
        call.sendMessage(message);
        return end.get(30, TimeUnit.SECONDS);
    }

    @Test
    void textInPlaceOfProtobufEndsThatStream() throws Exception {
        assertThat(connectWith("{\"register\": {}}".getBytes(US_ASCII)).isOk()).isFalse();
    }

    @Test
    void anOversizedMessageEndsThatStream() throws Exception {
        byte[] large = AgentMessage.newBuilder()
                .setRegister(Register.newBuilder().setAgentName("x".repeat(4 << 20)))
                .build()
                .toByteArray();
        assertThat(connectWith(large).isOk()).isFalse();
    }

    @Test
    void bytesThatComeOneAtATimeAreAConversationToo() throws Exception {
        try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread dribble = new Thread(() -> dribble(door), "dribble");
            dribble.start();
            PacedAgent slow = new PacedAgent("slow", 100);
            slow.connect(server.channelTo(door.getLocalPort()), ScriptedAgent.awake("phi"));
            await().atMost(Duration.ofSeconds(30)).until(slow::registered);
            CheckingClient client =
                    new CheckingClient(server.channel(), "phi", 2000, Integer.MAX_VALUE, Long.MAX_VALUE);
            assertThat(client.await()).isTrue();
            assertThat(client.completed()).isTrue();
            assertThat(client.received()).isEqualTo(2000);
            assertThat(client.wrong()).isFalse();
            slow.cut();
        }
    }

    /** Passes what one client says on to the server byte by byte, and what it answers as it is. */
    private static void dribble(ServerSocket door) {
        try (Socket client = door.accept();
                Socket onward = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            onward.setTcpNoDelay(true);
            Thread back = new Thread(() -> {
                try {
                    onward.getInputStream().transferTo(client.getOutputStream());
                } catch (IOException e) {
                    // it is over
                }
            });
            back.start();
            OutputStream out = onward.getOutputStream();
            InputStream in = client.getInputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                out.write(b);
                out.flush();
            }
        } catch (IOException e) {
            // it is over
        }
    }

    @Test
    void aHundredThousandChunksOfOneByteAreAnAnswer() throws Exception {
        chunksOfOneByte(100_000);
    }

    @Test
    @Tag("slow")
    void aMillionChunksOfOneByteAreAnAnswer() throws Exception {
        chunksOfOneByte(1_000_000);
    }

    private static void chunksOfOneByte(int count) throws InterruptedException {
        PacedAgent talkative = new PacedAgent("talkative", 1);
        talkative.connect(server.channel(), ScriptedAgent.awake("phi"));
        await().until(talkative::registered);
        CheckingClient client = new CheckingClient(server.channel(), "phi", count, Integer.MAX_VALUE, Long.MAX_VALUE);
        assertThat(client.await()).isTrue();
        assertThat(client.error()).isNull();
        assertThat(client.received()).isEqualTo(count);
        assertThat(client.wrong()).isFalse();
        talkative.cut();
    }

    @Test
    void anAgentThatSendsHeartbeatsWithoutEndAndReadsNoneOfTheAcksIsLetGo() throws Exception {
        int most = 1_000_000;
        DeafAgent deaf = new DeafAgent(server.channel(), "phi");
        await().until(() -> server.server().sessions().attached().size() == 2);
        int sent = 0;
        while (sent < most && server.server().sessions().attached().size() == 2) {
            if (deaf.ready()) {
                deaf.send(AgentMessage.newBuilder()
                        .setHeartbeat(Heartbeat.newBuilder().setSeq(++sent)));
            } else {
                Thread.onSpinWait();
            }
        }
        assertThat(sent)
                .as("4096 acks wait in the server, some in HTTP/2, and no more")
                .isLessThan(most);
        deaf.listen();
        assertThat(deaf.reason()).isEqualTo("OVERLOADED");
    }

    @Test
    void heartbeatsWithoutEndAreAllAnsweredWhereTheAcksAreRead() {
        heartbeats(50_000);
    }

    @Test
    @Tag("slow")
    void aMillionHeartbeatsAreAllAnsweredWhereTheAcksAreRead() {
        heartbeats(1_000_000);
    }

    private static void heartbeats(int count) {
        PacedAgent eager = new PacedAgent("eager", 1);
        eager.connect(
                server.channel(),
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("phi"), LlmStatus.LLM_STATUS_ACTIVE));
        await().until(eager::registered);
        for (int i = 0; i < count; i++) {
            eager.heartbeat("phi", LlmStatus.LLM_STATUS_ACTIVE);
            while (eager.heartbeats() - eager.acks() > 1000 && !eager.over()) {
                Thread.onSpinWait();
            }
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> eager.acks() == count);
        eager.cut();
    }
}
