package dormouse.server.relay;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a watcher is shown next. */
public sealed interface Sight {
    /** Where a watch that has been shown this can go on from, once its snapshot is complete. */
    long revision();

    /**
     * A change in the life of an Llm.
     *
     * @param live whether it is told as it happens; else it comes from the history
     */
    record Changed(LlmEvent event, boolean live) implements Sight {
        @Override
        public long revision() {
            return event.revision();
        }
    }

    /**
     * Something that is no change.
     *
     * @param llm as it stands; null with {@link Kind#SNAPSHOT_END} and {@link Kind#BOOKMARK}
     */
    record Mark(
            Kind kind,
            long revision,
            Instant time,
            @Nullable Llm llm) implements Sight {}

    /** What a {@link Mark} says. */
    enum Kind {
        /** Part of the present state. */
        SNAPSHOT,
        /** The present state is complete. */
        SNAPSHOT_END,
        /** The task counts of an Llm have changed. */
        LOAD,
        /** Nothing new up to this revision. */
        BOOKMARK
    }
}
