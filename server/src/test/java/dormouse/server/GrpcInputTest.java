package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client may send, and hold open, before anybody knows who it is; on a real port. */
class GrpcInputTest {
    private static final Logger GRPC =
            Logger.getLogger("io.grpc"); // it warns, with a stack, of each call that is reset
    private static final int DATA = 0;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int PIECE = 16 << 10;

    private static RealServer server;

    @BeforeAll
    static void start() {
        GRPC.setLevel(Level.OFF);
        server = RealServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
        GRPC.setLevel(null);
    }

    private static byte[] head(String method) {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        head.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, 0x04, (byte) method.length()});
        head.writeBytes(method.getBytes(US_ASCII));
        head.writeBytes(new byte[] {0x01, 9});
        head.writeBytes("localhost".getBytes(US_ASCII));
        head.writeBytes(new byte[] {0x0f, 16, 16});
        head.writeBytes("application/grpc".getBytes(US_ASCII));
        head.writeBytes(new byte[] {0, 2, 't', 'e', 8});
        head.writeBytes("trailers".getBytes(US_ASCII));
        return head.toByteArray();
    }

    /** Begins a message of a million bytes, and sends so many of them. */
    private static void begin(Http2Wire wire, int stream, String method, int bytes) throws IOException {
        wire.write(Http2Wire.frame(Http2Wire.HEADERS, END_HEADERS, stream, head(method)));
        byte[] message = new byte[5 + bytes];
        message[2] = 0x0f;
        message[3] = 0x42;
        message[4] = 0x40;
        for (int from = 0; from < message.length; from += PIECE) {
            wire.write(Http2Wire.frame(
                    DATA, 0, stream, Arrays.copyOfRange(message, from, Math.min(message.length, from + PIECE))));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/grpc.health.v1.Health/Check, 5000",
        "/dormouse.v1.LlmService/ListLlms, 70000",
        "/dormouse.v1.AdminService/CreateToken, 70000"
    })
    void a_message_that_can_not_be_meant_is_not_waited_for(String method, int bytes) throws Exception {
        try (Http2Wire wire = Http2Wire.hello(server.port())) {
            begin(wire, 1, method, bytes);
            Http2Wire.Frame trailers = wire.await(Http2Wire.HEADERS);
            assertThat(trailers).isNotNull();
            assertThat(new String(trailers.payload(), US_ASCII)).contains("a message of more than");
        }
    }

    @Test
    void the_halves_of_messages_are_counted_and_forgotten_with_their_calls() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(server.port())) {
            begin(wire, 1, "/dormouse.v1.InferenceService/Infer", 40_000);
            await().until(() -> server.server().halves() == 40_000);
            begin(wire, 3, "/dormouse.v1.LlmService/ListLlms", 300);
            await().until(() -> server.server().halves() == 40_300);
        }
        await().until(() -> server.server().halves() == 0);
    }

    @Test
    void a_connection_may_have_sixteen_calls_that_take_no_token() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(server.port())) {
            int refused = 0;
            for (int stream = 1; refused == 0; stream += 2) {
                assertThat(stream).isLessThan(100);
                wire.write(
                        Http2Wire.frame(Http2Wire.HEADERS, END_HEADERS, stream, head("/grpc.health.v1.Health/Watch")));
                wire.write(Http2Wire.frame(DATA, END_STREAM, stream, new byte[5]));
                Http2Wire.Frame head = wire.await(Http2Wire.HEADERS);
                assertThat(head).isNotNull();
                refused = (head.flags() & END_STREAM) != 0 ? head.stream() : 0;
            }
            assertThat(refused).isEqualTo(33);
        }
    }
}
