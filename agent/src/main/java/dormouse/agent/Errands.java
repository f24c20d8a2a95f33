package dormouse.agent;

import dormouse.v1.AgentMessage;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the last wakes and sleeps have ended, by their ids. A server that lost the stream asks again on the next one; it is
 * told what became of it, and nothing is run twice. On the loop alone.
 */
final class Errands {
    private static final int MOST = 256;

    private final Map<String, AgentMessage> results = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, AgentMessage> eldest) {
            return size() > MOST;
        }
    };

    void keep(String id, AgentMessage result) {
        results.put(id, result);
    }

    @Nullable
    AgentMessage find(String id) {
        return results.get(id);
    }
}
