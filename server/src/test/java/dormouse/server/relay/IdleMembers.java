package dormouse.server.relay;

import dormouse.server.control.AttachedAgent;
import dormouse.server.fleet.LlmName;
import java.util.ArrayList;
import java.util.List;

/** Finds what must not be: somebody in a pool's line who could run at a member that has room and need not rest. */
public final class IdleMembers {
    private IdleMembers() {}

    /** Each of them, as a person reads it. */
    public static List<String> of(Relay relay, LlmName name) {
        List<String> idle = new ArrayList<>();
        Pools pools = relay.pools().pools();
        Pool pool = pools.find(name);
        for (LlmName member : pool == null ? List.<LlmName>of() : pool.members()) {
            AttachedAgent agent = pools.serving(member);
            LlmGate gate = relay.pools().gates().of(member);
            if (agent != null && !pools.isResting(member) && gate.hasSlot()) {
                pool.line().stream()
                        .filter(task -> task.trip() != null && task.trip().mayRunAt(member, agent))
                        .findFirst()
                        .ifPresent(task -> idle.add(member + " for " + task.id()));
            }
        }
        return idle;
    }
}
