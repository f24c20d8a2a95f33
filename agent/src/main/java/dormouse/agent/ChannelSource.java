package dormouse.agent;

import io.grpc.ManagedChannel;
import java.util.concurrent.Executor;

/**
 * Opens connections to the server. Each stream has a channel of its own, which is shut down with it: so a half-open
 * connection is never used again, and the back-off is the agent's alone.
 */
public interface ChannelSource {
    /**
     * A new channel to the next address in turn; its callbacks go to the executor. Not blocking.
     */
    ManagedChannel open(Executor callbacks);

    /** How many addresses there are: so many are tried at once before the agent waits. */
    default int addresses() {
        return 1;
    }

    /** Where the last channel leads, for logs. */
    String describe();
}
