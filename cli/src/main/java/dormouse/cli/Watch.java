package dormouse.cli;

import dormouse.contract.Problems;
import dormouse.v1.LlmEvent;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.Set;

/**
 * Follows the changes of the fleet until it is interrupted. A lost connection is taken up again after the last
 * revision that was seen, so that nothing is missed or told twice; when the server no longer knows that revision,
 * the present state is asked for anew.
 */
final class Watch {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
    private static final Set<String> LIST_AGAIN = Set.of("REVISION_COMPACTED", "WATCHER_TOO_SLOW");
    /** What a server that ends, or a proxy that does, makes of a watch; CANCELLED is what a cut call's peer says. */
    private static final Set<Code> TRY_AGAIN = Set.of(
            Code.UNAVAILABLE, Code.CANCELLED, Code.ABORTED, Code.INTERNAL, Code.UNKNOWN, Code.RESOURCE_EXHAUSTED);

    private final Dormouse dormouse;
    private final Client client;
    private final Progress progress;

    /** The revision up to which everything has been shown; 0: show the present state. */
    private long revision;

    private boolean connectedOnce;
    private Duration pause = FIRST_PAUSE;

    Watch(Dormouse dormouse, Client client) {
        this.dormouse = dormouse;
        this.client = client;
        this.progress = dormouse.progress(client);
    }

    /** Returns by an exception alone: the first connection fails, the server refuses, or the reader is gone. */
    void run(WatchView view) throws StatusException, InterruptedException {
        while (true) {
            String lost;
            try {
                follow(view);
                lost = "the server has ended the watch";
            } catch (StatusException e) {
                if (dormouse.interrupted() || !connectedOnce) {
                    throw e;
                }
                if (LIST_AGAIN.contains(Problems.reason(e))) {
                    revision = 0;
                } else if (!TRY_AGAIN.contains(e.getStatus().getCode())) {
                    throw e;
                }
                lost = "the watch of " + client.address() + " broke off";
            }
            view.lost(lost);
            Console console = dormouse.console();
            console.pause().pause(Duration.ofMillis((long)
                    (pause.toMillis() * (0.5 + console.random().nextDouble() / 2))));
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private void follow(WatchView view) throws StatusException, InterruptedException {
        client.again();
        BlockingClientCall<?, LlmEvent> call = client.llmStreams()
                .watchLlms(
                        WatchLlmsRequest.newBuilder().setAfterRevision(revision).build());
        try {
            boolean inSnapshot = revision == 0;
            if (inSnapshot) {
                view.restart();
            }
            LlmEvent event = client.next(call, connectedOnce ? view::idle : progress::waiting);
            while (event != null) {
                progress.done();
                connectedOnce = true;
                pause = FIRST_PAUSE;
                inSnapshot &= event.getType() != LlmEvent.Type.TYPE_SNAPSHOT_END;
                if (!inSnapshot) {
                    revision = Math.max(revision, event.getRevision());
                }
                view.show(event);
                event = client.next(call, view::idle);
            }
        } finally {
            call.cancel("the watch is over", null);
        }
    }
}
