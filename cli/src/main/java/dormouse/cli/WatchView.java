package dormouse.cli;

import dormouse.v1.LlmEvent;

/** Shows what a {@link Watch} sees. */
interface WatchView {
    /** The present state follows, up to SNAPSHOT_END; it replaces whatever was known. */
    void restart();

    void show(LlmEvent event);

    /** Nothing has happened for a few hundred milliseconds. */
    void idle();

    /** The connection is lost, and the watch tries to get it back. */
    void lost(String why);
}
