package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;

/** Hears what has been saved, in order, on the {@link Lane}: must not block. */
public interface FleetListener {
    /** A change is on disk, and {@link Fleet} shows it. */
    void changed(LlmEvent event);

    /** A wake has ended without the Llm being awake, which {@link Fleet} shows. */
    default void wakeFailed(LlmName llm, Failure why) {}
}
