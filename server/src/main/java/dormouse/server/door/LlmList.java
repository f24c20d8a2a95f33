package dormouse.server.door;

import dormouse.server.control.Fleet;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.relay.Live;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/**
 * One list of Llms on its way: some rows at a time, as the client takes them, so that the longest list costs neither memory nor
 * the event loop's time. On the call's event loop.
 */
final class LlmList {
    private static final int ROWS = 64;

    private final Call call;
    private final HttpServerResponse response;
    private final Fleet fleet;
    private final Live.Source source;
    private final LlmFilter filter;
    private final long revision;
    private @Nullable LlmName last;
    private boolean any;

    LlmList(Call call, Fleet fleet, Live.Source source, LlmFilter filter) {
        this.call = call;
        this.response = call.response();
        this.fleet = fleet;
        this.source = source;
        this.filter = filter;
        this.revision = fleet.revision(); // read before the rows: who goes on from it repeats rather than misses
    }

    void begin() {
        response.setChunked(true).putHeader("content-type", "application/json").putHeader("cache-control", "no-store");
        response.write("{\"llms\":[");
        goOn();
    }

    private void goOn() {
        boolean more = true;
        while (more && !call.over()) {
            if (response.writeQueueFull()) {
                response.drainHandler(drained -> goOn());
                return;
            }
            more = some();
        }
    }

    /** False once the list has ended. */
    private boolean some() {
        StringBuilder text = new StringBuilder();
        int rows = 0;
        for (Llm row : fleet.after(last)) {
            if (rows++ == ROWS) {
                call.write(text.toString());
                return true;
            }
            last = row.name();
            Llm llm = call.caller().seen(row);
            if (llm != null && filter.wants(llm)) {
                text.append(any ? "," : "").append(LlmJson.llm(source.of(llm)));
                any = true;
            }
        }
        call.write(text.append("],\"revision\":").append(revision).append('}').toString());
        response.end();
        return false;
    }
}
