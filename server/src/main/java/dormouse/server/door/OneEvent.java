package dormouse.server.door;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** A whole text as the data of one event, line by line as it comes: for a backend that does not stream though asked to. */
final class OneEvent implements Answer {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);

    private final Call call;
    private boolean lineBegins = true;

    OneEvent(Call call) {
        this.call = call;
    }

    @Override
    public void chunk(Buffer data) {
        Buffer lines = Buffer.buffer(data.length() + 64);
        for (int i = 0; i < data.length(); i++) {
            byte next = data.getByte(i);
            if (lineBegins) {
                lines.appendBytes(DATA);
                lineBegins = false;
            }
            if (next == '\n') {
                lineBegins = true;
            }
            if (next != '\r') { // alone it would end a line, too
                lines.appendByte(next);
            }
        }
        call.response().write(lines);
    }

    @Override
    public void whole() {
        call.end(lineBegins ? "\n" : "\n\n");
    }

    @Override
    public void broken(Refusal why) {
        call.end((lineBegins ? "\n" : "\n\n") + call.dialect().frame(why));
    }
}
