package dormouse.agent;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Channels to the server's addresses, one after another. A DNS name with several addresses is one of them; gRPC tries
 * its addresses in a random order. On the loop alone.
 */
final class ServerChannels implements ChannelSource {
    private static final int KEEP_ALIVE_SECONDS = 20;
    private static final int KEEP_ALIVE_TIMEOUT_SECONDS = 10;
    private static final int INBOUND_BYTES = 4 << 20;
    private static final Map<String, ?> SHUFFLED =
            Map.of("loadBalancingConfig", List.of(Map.of("pick_first", Map.of("shuffleAddressList", true))));

    private final List<String> addresses;
    private final ChannelCredentials credentials;
    private int next;
    private String last = "";

    /** @param tls null: plaintext; each channel is made with the certificates that were read last */
    ServerChannels(List<String> addresses, @Nullable LiveTls tls) {
        this.addresses = List.copyOf(addresses);
        this.credentials = credentials(tls);
    }

    @Override
    public ManagedChannel open(Executor callbacks) {
        last = addresses.get(next);
        next = (next + 1) % addresses.size();
        return Grpc.newChannelBuilder("dns:///" + last, credentials)
                .executor(callbacks)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .keepAliveWithoutCalls(true)
                .maxInboundMessageSize(INBOUND_BYTES)
                .defaultServiceConfig(SHUFFLED)
                .userAgent("dormouse-agent/" + Version.text())
                .build();
    }

    @Override
    public int addresses() {
        return addresses.size();
    }

    @Override
    public String describe() {
        return last;
    }

    private static ChannelCredentials credentials(@Nullable LiveTls tls) {
        if (tls == null) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
        if (tls.trust() != null) {
            builder.trustManager(tls.trust());
        }
        if (tls.keys() != null) {
            builder.keyManager(tls.keys());
        }
        return builder.build();
    }
}
