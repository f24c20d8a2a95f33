package dormouse.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An event stream means the same however its bytes are cut, whichever of the three line ends it has. */
class EventLinesTest {
    private static final String STREAM =
            ": comment\n\ndata: Grüße 🐭\n\nevent: x\nid: 1\ndata:日\ndata: 本\n\n\ndata:\n\n"
                    + "data\n\nretry: 5\n\ndata:  two spaces\n\ndata: [DONE]";
    private static final List<String> EVENTS = List.of("Grüße 🐭", "日\n本", "", " two spaces", "[DONE]");

    private static List<String> events(byte[] bytes, int... cuts) {
        EventLines lines = new EventLines();
        List<String> events = new ArrayList<>();
        int from = 0;
        for (int cut : cuts) {
            events.addAll(lines.take(ByteBuffer.wrap(bytes, from, cut - from)));
            from = cut;
        }
        events.addAll(lines.take(ByteBuffer.wrap(bytes, from, bytes.length - from)));
        events.addAll(lines.end());
        return events;
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void cutAnywhereOnceOrTwice(String lineEnd) {
        byte[] bytes = STREAM.replace("\n", lineEnd).getBytes(StandardCharsets.UTF_8);
        for (int first = 0; first <= bytes.length; first++) {
            for (int second = first; second <= bytes.length; second++) {
                assertThat(events(bytes, first, second)).isEqualTo(EVENTS);
            }
        }
    }

    @Test
    void anEventIsTheReadersWithItsEmptyLine() {
        EventLines lines = new EventLines();
        assertThat(lines.take(bytes("data: a\n"))).isEmpty();
        assertThat(lines.take(bytes("\n"))).containsExactly("a");
        assertThat(lines.take(bytes("data: b\r"))).isEmpty();
        assertThat(lines.take(bytes("\r"))).containsExactly("b");
    }

    @Test
    void whatNeverEndsIsBounded() {
        EventLines line = new EventLines();
        EventLines manyLines = new EventLines();
        String piece = "x".repeat(1 << 20);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 5; i++) {
                        line.take(bytes(piece));
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("longer than");
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 5; i++) {
                        manyLines.take(bytes("data:" + piece + "\n"));
                    }
                })
                .isInstanceOf(IllegalStateException.class);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
