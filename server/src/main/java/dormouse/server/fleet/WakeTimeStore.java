package dormouse.server.fleet;

import java.util.Map;
import java.util.Set;

/** Where it is kept how long wakes take. Every method may block and may throw {@link StoreException}. */
public interface WakeTimeStore {
    /**
     * What is known of one Llm.
     *
     * @param session the owner of the Llm that was woken: of another one's machine it says nothing
     */
    record Learnt(SessionId session, WakeTime time) {}

    /** All of it, that of Llms that are gone too. */
    Map<LlmName, Learnt> load();

    /** In the place of what was known of these, and of those which are {@code gone}. Idempotent. */
    void save(Map<LlmName, Learnt> learnt, Set<LlmName> gone);
}
