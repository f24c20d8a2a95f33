package dormouse.server.relay;

import dormouse.server.fleet.LlmName;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which member saw which conversation last, since its backend may still hold what it has computed for it. Keeps the
 * {@link #MOST} conversations that were asked about last, in about 6 MB; of their words nothing but a hash. Any thread.
 */
final class Affinity {
    static final int MOST = 1 << 16;

    private final Map<Long, LlmName> last = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, LlmName> eldest) {
            return size() > MOST;
        }
    };

    /** The member that saw the longest part of it; null where none is known. */
    synchronized @Nullable LlmName find(Prefixes conversation) {
        long[] before = conversation.before();
        for (int i = before.length - 1; i >= 0; i--) {
            LlmName member = last.get(before[i]);
            if (member != null) {
                return member;
            }
        }
        return null;
    }

    /** It goes to this member, and with it what is known of its beginnings. */
    synchronized void remember(Prefixes conversation, LlmName member) {
        if (conversation.isEmpty()) {
            return;
        }
        for (long prefix : conversation.before()) {
            last.replace(prefix, member);
        }
        last.put(conversation.whole(), member);
    }

    synchronized void clear() {
        last.clear();
    }

    synchronized int size() {
        return last.size();
    }
}
