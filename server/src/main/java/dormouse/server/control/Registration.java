package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Offer;
import dormouse.server.fleet.SessionId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent says of itself and of its Llms.
 *
 * @param session null on its very first start
 * @param resumeToken proves that the session is this agent's; empty on its very first start
 * @param principal the credential of the stream; empty where none is asked for
 * @param offers the whole set of names that it publishes now
 * @param refused names that can't be offered, each with the rule that it breaks, in the order of their places
 */
public record Registration(
        @Nullable SessionId session,
        String resumeToken,
        String agentName,
        String agentVersion,
        String instanceId,
        String principal,
        List<Offer> offers,
        List<Refused> refused) {
    /**
     * A name that was turned down.
     *
     * @param place among all that were offered, from 0
     */
    public record Refused(int place, String name, Failure why) {}

    public Registration {
        offers = List.copyOf(offers);
        refused = List.copyOf(refused);
    }
}
