package dormouse.server.api;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a {@code text/event-stream} into the contents of its {@code data} fields, however its bytes are split on the way.
 * One event's data is bounded; comments and other fields are passed over. One thread at a time.
 */
final class EventLines {
    /** The most bytes of one line. */
    static final int LONGEST = 4 << 20;

    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final StringBuilder data = new StringBuilder();
    private boolean afterReturn;

    /**
     * Takes the next bytes.
     *
     * @return the data of each event that they complete
     * @throws IllegalStateException where a line is longer than {@link #LONGEST}
     */
    List<String> take(ByteBuffer bytes) {
        List<String> events = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte b = bytes.get();
            if (b == '\n' && afterReturn) {
                afterReturn = false;
            } else if (b == '\n' || b == '\r') {
                afterReturn = b == '\r';
                endOfLine(events);
            } else {
                afterReturn = false;
                if (line.size() + data.length() >= LONGEST) {
                    throw new IllegalStateException("an event of the stream is longer than " + LONGEST + " bytes");
                }
                line.write(b);
            }
        }
        return events;
    }

    /** What a stream that ends without an empty line still held. */
    List<String> end() {
        List<String> events = new ArrayList<>();
        if (line.size() > 0) {
            endOfLine(events);
        }
        endOfLine(events);
        return events;
    }

    private void endOfLine(List<String> events) {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.isEmpty()) {
            if (data.length() > 0) {
                events.add(data.substring(0, data.length() - 1));
                data.setLength(0);
            }
        } else if (text.startsWith("data:")) {
            data.append(text, text.startsWith("data: ") ? 6 : 5, text.length()).append('\n');
        }
    }
}
