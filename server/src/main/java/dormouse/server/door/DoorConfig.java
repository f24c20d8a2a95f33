package dormouse.server.door;

import dormouse.server.control.ConnectionLimits;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What the operator says of this door.
 *
 * @param address where HTTP clients connect; port 0 picks a free one
 * @param hosts the names by which it may be called beside addresses and names of one word; {@code *} for any
 * @param guarded whether nobody needs a token, so that browsers are to be kept from being a way in
 * @param cors the origins whose pages may call from a browser; {@code *} for any; empty: none
 */
public record DoorConfig(
        InetSocketAddress address, List<String> cors, List<String> hosts, boolean guarded, ConnectionLimits limits) {
    public DoorConfig {
        hosts = List.copyOf(hosts);
        cors = List.copyOf(cors);
    }
}
