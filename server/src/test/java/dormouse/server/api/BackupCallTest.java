package dormouse.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.server.ManualTime;
import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.StoreException;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.BackupRequest;
import dormouse.v1.BackupResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A backup goes out as fast as it is taken, and leaves nothing behind whoever gives up. */
class BackupCallTest {
    private static final int PIECES = 40;

    private final ManualTime time = new ManualTime();
    private final Taker taker = new Taker();
    private BackupStore store = Copy::new;
    private Executor blocking = Runnable::run;
    private int open;
    private int ended;
    private Server server;
    private ManagedChannel channel;

    private final class Copy implements BackupStore.Copy {
        private int given;

        Copy() {
            open++;
        }

        @Override
        public long bytes() {
            return PIECES * 1000L;
        }

        @Override
        public byte[] next() {
            return given++ < PIECES ? new byte[1000] : new byte[0];
        }

        @Override
        public void close() {
            open--;
        }
    }

    /** Whoever has asked; takes what it is told to. */
    private static final class Taker implements ClientResponseObserver<BackupRequest, BackupResponse> {
        private ClientCallStreamObserver<BackupRequest> call;
        private long bytes;
        private @Nullable BackupResponse first;
        private @Nullable Throwable error;
        private boolean completed;

        @Override
        public void beforeStart(ClientCallStreamObserver<BackupRequest> stream) {
            call = stream;
            stream.disableAutoRequestWithInitial(1);
        }

        @Override
        public void onNext(BackupResponse piece) {
            first = first == null ? piece : first;
            bytes += piece.getData().size();
        }

        @Override
        public void onError(Throwable t) {
            error = t;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        String reason() {
            return error == null ? "" : Problems.reason(error);
        }
    }

    @BeforeEach
    void serve() throws IOException {
        String name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(new AdminServiceGrpc.AdminServiceImplBase() {
                    @Override
                    public void backup(BackupRequest request, StreamObserver<BackupResponse> response) {
                        new BackupCall(
                                        () -> store.copy(),
                                        () -> 7,
                                        time,
                                        job -> blocking.execute(job),
                                        (ServerCallStreamObserver<BackupResponse>) response,
                                        () -> ended++)
                                .start();
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
        assertThat(open).as("copies that are left").isZero();
        assertThat(ended).isEqualTo(1);
        assertThat(time.alarms()).isZero();
    }

    private void ask() {
        AdminServiceGrpc.newStub(channel).backup(BackupRequest.getDefaultInstance(), taker);
    }

    @Test
    void allOfItComes() {
        ask();
        taker.call.request(PIECES);
        assertThat(taker.completed).isTrue();
        assertThat(taker.bytes).isEqualTo(PIECES * 1000L);
        assertThat(taker.first.getTotalBytes()).isEqualTo(PIECES * 1000L);
        assertThat(taker.first.getRevision()).isEqualTo(7);
    }

    @Test
    void whoTakesNothingForAMinuteIsEnded() {
        ask();
        time.advance(Duration.ofSeconds(50));
        taker.call.request(1);
        time.advance(Duration.ofSeconds(50));
        assertThat(taker.error).isNull();
        time.advance(Duration.ofSeconds(11));
        taker.call.request(PIECES);
        assertThat(taker.reason()).isEqualTo("CLIENT_TOO_SLOW");
        assertThat(taker.bytes).isLessThan(PIECES * 1000L);
    }

    @Test
    void whoLeavesLeavesNothingBehind() {
        ask();
        taker.call.cancel("leaves", null);
        assertThat(taker.completed).isFalse();
    }

    @Test
    void whatPreventsItIsSaid() {
        store = () -> {
            throw new StoreException("no room", new IOException("full"));
        };
        ask();
        assertThat(taker.reason()).isEqualTo("STORE_UNAVAILABLE");
    }

    @Test
    void whatIsCopiedByOtherMeansIsSaid() {
        store = () -> {
            throw new UnsupportedOperationException("use pg_dump");
        };
        ask();
        assertThat(taker.reason()).isEqualTo("MALFORMED");
        assertThat(taker.error).hasMessageContaining("use pg_dump");
    }

    @Test
    void whereTooManyWaitForTheStoreItIsRefused() {
        blocking = job -> {
            throw new RejectedExecutionException();
        };
        ask();
        assertThat(taker.reason()).isEqualTo("OVERLOADED");
    }
}
