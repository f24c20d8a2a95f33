package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import java.io.IOException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The session that the agent has now; what changes is written to the store by a thread for files. On the loop alone. */
final class SessionKeeper {
    private static final Logger log = LoggerFactory.getLogger(SessionKeeper.class);

    private final SessionStore store;
    private final Executor files;
    private @Nullable Session session;
    private boolean renewed;

    SessionKeeper(SessionStore store, @Nullable Session session, Executor files) {
        this.store = store;
        this.session = session;
        this.files = files;
    }

    /** Says who the agent is. */
    void introduce(Register.Builder register) {
        if (session != null) {
            register.setSessionId(session.id()).setResumeToken(session.resumeToken());
        }
    }

    /** Takes what the server has answered: a token comes with a new session only. */
    void take(Registered answer) {
        renewed = false;
        ByteString token = answer.getResumeToken();
        if (token.isEmpty()) {
            return;
        }
        Session opened = new Session(answer.getSessionId(), token);
        session = opened;
        files.execute(() -> {
            try {
                store.save(opened);
            } catch (IOException e) {
                log.error("session could not be kept; after a restart the agent will be a new one: {}", e.toString());
            }
        });
    }

    /**
     * The server refuses the session, or another process holds it: the next registration is a new agent's. Once: where
     * that is refused too, false, and nothing changes.
     */
    boolean discard(String reason) {
        if (renewed) {
            return false;
        }
        log.warn("session refused; registering as a new one session={} reason={}", session, reason);
        session = null;
        renewed = true;
        files.execute(() -> {
            try {
                store.discard();
            } catch (IOException e) {
                log.error("session could not be discarded: {}", e.toString());
            }
        });
        return true;
    }
}
