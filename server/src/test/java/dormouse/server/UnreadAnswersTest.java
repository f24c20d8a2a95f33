package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.ListLlmsRequest;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever asks and asks and reads no answer, on real ports. */
class UnreadAnswersTest {
    private static final int LLMS = 100;
    private static final long MOST_OF_ONE = 4 << 20;
    private static final long ONE_MORE = 1 << 20;
    private static final int END_STREAM = 1;
    private static final int PRIORITY = 0x20;
    /** No byte of an answer's body may be sent. */
    private static final byte[] NO_WINDOW = Http2Wire.frame(Http2Wire.SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});

    private static final byte[] LIST_LLMS = head((byte) 0x83, "/dormouse.v1.LlmService/ListLlms");

    private static RealServer server;

    @BeforeAll
    static void start() {
        server = RealServer.start();
        LlmOffer[] offers = IntStream.range(0, LLMS)
                .mapToObj(i -> ScriptedAgent.offer(
                        LlmSpec.newBuilder()
                                .setName("llm-" + i)
                                .putAllLabels(Map.of("a", "x".repeat(250), "b", "y".repeat(250), "c", "z".repeat(250))),
                        LlmStatus.LLM_STATUS_ACTIVE))
                .toArray(LlmOffer[]::new);
        server.agent("ana").ask(offers);
        await().until(() -> server.server().fleet().all().size() == LLMS);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** As HPACK has it, nothing of it compressed; with what gRPC wants to see. */
    private static byte[] head(byte method, String path) {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        head.write(method);
        head.write(0x86); // http
        literal(head, 0x04, path);
        literal(head, 0x01, "localhost");
        if (method == (byte) 0x83) {
            literal(head, 0x0f, "");
        }
        return head.toByteArray();
    }

    private static void literal(ByteArrayOutputStream head, int name, String value) {
        if (name == 0x0f) { // content-type is 31 of the static table, which takes two bytes; te is not in it
            head.writeBytes(new byte[] {0x0f, 16, (byte) "application/grpc".length()});
            head.writeBytes("application/grpc".getBytes(US_ASCII));
            head.writeBytes(new byte[] {0, 2, 't', 'e', 8});
            head.writeBytes("trailers".getBytes(US_ASCII));
            return;
        }
        head.write(name);
        head.write(value.length());
        head.writeBytes(value.getBytes(US_ASCII));
    }

    /** Whether a head begins with 200, which is in HPACK's static table; five bytes of a priority may come before it. */
    private static boolean isOk(Http2Wire.Frame head) {
        return head.payload()[(head.flags() & PRIORITY) != 0 ? 5 : 0] == (byte) 0x88;
    }

    /** Of all doors, once nobody has anything unread. */
    private static void awaitNothingUnread() {
        await().until(() -> server.server().unread() == 0);
    }

    private static void everyoneElseIsAnswered() throws Exception {
        var list = LlmServiceGrpc.newBlockingStub(server.channel())
                .listLlms(ListLlmsRequest.newBuilder().setPageSize(LLMS).build());
        assertThat(list.getLlmsCount()).isEqualTo(LLMS);
        URI page =
                URI.create("http://localhost:" + server.server().httpAddress().getPort() + "/api/llms");
        HttpRequest get = HttpRequest.newBuilder(page).build();
        assertThat(HttpClient.newHttpClient()
                        .send(get, HttpResponse.BodyHandlers.ofString())
                        .body())
                .contains("llm-99");
    }

    @Test
    void a_grpc_client_that_reads_no_answer_is_given_no_more_of_them() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(server.port())) {
            wire.write(NO_WINDOW);
            int refused = 0;
            for (int stream = 1; refused == 0; stream += 2) {
                assertThat(stream).as("asked for ever").isLessThan(2_000);
                wire.write(Http2Wire.frame(Http2Wire.HEADERS, 4, stream, LIST_LLMS));
                wire.write(Http2Wire.frame(0, END_STREAM, stream, new byte[5]));
                Http2Wire.Frame head = wire.await(Http2Wire.HEADERS);
                assertThat(head).isNotNull();
                refused = (head.flags() & END_STREAM) != 0 ? head.stream() : 0; // trailers alone
            }
            assertThat(refused).as("the first that was refused").isGreaterThan(20);
            assertThat(server.server().unread()).isBetween(MOST_OF_ONE, MOST_OF_ONE + ONE_MORE);
            everyoneElseIsAnswered();
        }
        awaitNothingUnread();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/models", "/api/llms"})
    void nor_is_one_of_http2(String path) throws Exception {
        try (Http2Wire wire = Http2Wire.hello(server.server().httpAddress().getPort())) {
            wire.write(NO_WINDOW);
            byte[] get = head((byte) 0x82, path);
            boolean refused = false;
            for (int stream = 1; !refused; stream += 2) {
                assertThat(stream).as("asked for ever").isLessThan(2_000);
                wire.write(Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_STREAM_AND_HEADERS, stream, get));
                Http2Wire.Frame head = wire.await(Http2Wire.HEADERS);
                assertThat(head).isNotNull();
                refused = !isOk(head);
            }
            assertThat(server.server().unread()).isBetween(MOST_OF_ONE, MOST_OF_ONE + ONE_MORE);
            everyoneElseIsAnswered();
        }
        awaitNothingUnread();
    }

    @Test
    void who_asks_by_http1_ahead_of_the_answers_and_reads_none_is_cut_off() throws Exception {
        InetSocketAddress door = server.server().httpAddress();
        byte[] asked =
                "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100).getBytes(US_ASCII);
        long most = 0;
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), door.getPort()));
            while (true) {
                socket.getOutputStream().write(asked);
                most = Math.max(most, server.server().unread());
            }
        } catch (SocketException e) {
            assertThat(most).isLessThan(MOST_OF_ONE + ONE_MORE);
        } catch (IOException e) {
            throw new AssertionError("not cut off", e);
        }
        awaitNothingUnread();
        everyoneElseIsAnswered();
    }
}
