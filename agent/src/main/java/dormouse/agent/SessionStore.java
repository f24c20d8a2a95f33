package dormouse.agent;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where the session outlives the process. Called on one worker at a time, never on the loop. */
interface SessionStore {
    /** The session of an earlier run, or null where there is none. */
    @Nullable
    Session load() throws IOException;

    /** Keeps it; on disk when this returns. */
    void save(Session session) throws IOException;

    /** Forgets it. */
    void discard() throws IOException;

    /** One that lives as long as the process. */
    static SessionStore inMemory() {
        return new SessionStore() {
            private @Nullable Session kept;

            @Override
            public synchronized @Nullable Session load() {
                return kept;
            }

            @Override
            public synchronized void save(Session session) {
                kept = session;
            }

            @Override
            public synchronized void discard() {
                kept = null;
            }
        };
    }
}
