package dormouse.server.door;

import io.vertx.core.buffer.Buffer;

/** Passes what comes. */
final class Passing implements Answer {
    private final Call call;
    private final boolean events;
    private int lineEnds = 2;

    /** @param events whether it is an event stream, which can end with an error's event */
    Passing(Call call, boolean events) {
        this.call = call;
        this.events = events;
    }

    @Override
    public void chunk(Buffer data) {
        for (int i = Math.max(0, data.length() - 4); i < data.length(); i++) {
            byte next = data.getByte(i);
            lineEnds = next == '\n' ? lineEnds + 1 : next == '\r' ? lineEnds : 0;
        }
        call.response().write(data);
    }

    @Override
    public void whole() {
        call.end("");
    }

    /** An event that was cut off is ended before the error; what can't tell of an error is broken off. */
    @Override
    public void broken(Refusal why) {
        if (events) {
            String gap = lineEnds >= 2 ? "" : lineEnds == 1 ? "\n" : "\n\n";
            call.end(gap + call.dialect().frame(why));
        } else {
            call.breakOff();
        }
    }
}
