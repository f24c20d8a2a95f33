package dormouse.server.door;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * What the operator says of this door.
 *
 * @param address where HTTP clients connect; port 0 picks a free one
 * @param cors the origins whose pages may call from a browser; {@code *} for any; empty: none
 */
public record DoorConfig(InetSocketAddress address, List<String> cors) {
    public DoorConfig {
        cors = List.copyOf(cors);
    }
}
