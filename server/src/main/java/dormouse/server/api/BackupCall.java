package dormouse.server.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StoreException;
import dormouse.v1.BackupResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One backup on its way to whoever asked for it: made and read on threads that may wait for the disk, as fast as it is
 * taken. The transport's threads only say that there is something to do.
 */
final class BackupCall {
    private static final Logger log = LoggerFactory.getLogger(BackupCall.class);
    private static final Duration SLOWEST = Duration.ofMinutes(1);

    private final BackupStore store;
    private final LongSupplier revision;
    private final Time time;
    private final Executor blocking;
    private final ServerCallStreamObserver<BackupResponse> out;
    private final Runnable ended;
    private BackupStore.@Nullable Copy copy; // by whoever works, one at a time, and so the next
    private long sent;
    private boolean working; // under this, and so the next ones
    private boolean again;
    private boolean tooSlow;
    private boolean over;
    private Time.@Nullable Alarm alarm;

    /**
     * @param revision the latest one that was acknowledged
     * @param ended is run once, when nothing is left of it
     */
    BackupCall(
            BackupStore store,
            LongSupplier revision,
            Time time,
            Executor blocking,
            ServerCallStreamObserver<BackupResponse> out,
            Runnable ended) {
        this.store = store;
        this.revision = revision;
        this.time = time;
        this.blocking = blocking;
        this.out = out;
        this.ended = ended;
    }

    void start() {
        out.setOnReadyHandler(this::go);
        out.setOnCancelHandler(this::go);
        go();
    }

    private void go() {
        synchronized (this) {
            again = true;
            if (working || over) {
                return;
            }
            working = true;
        }
        try {
            blocking.execute(this::work);
        } catch (RejectedExecutionException e) {
            fail(Fleet.storeBusy());
        }
    }

    private void work() {
        while (true) {
            synchronized (this) {
                if (over || !again) {
                    working = false;
                    return;
                }
                again = false;
                stopAlarm();
            }
            try {
                send();
            } catch (UnsupportedOperationException e) {
                fail(Failure.of(Reason.MALFORMED, String.valueOf(e.getMessage())));
            } catch (StoreException e) {
                log.warn("no backup cause={}", e.getMessage());
                fail(Failure.retry(Reason.STORE_UNAVAILABLE, String.valueOf(e.getMessage()), Duration.ofSeconds(10)));
            }
        }
    }

    private void send() {
        if (isTooSlow()) {
            fail(Failure.of(
                    Reason.CLIENT_TOO_SLOW, "nothing of the backup was taken for " + SLOWEST.toSeconds() + " s"));
        } else if (out.isCancelled()) {
            end();
        } else {
            BackupResponse.Builder first = BackupResponse.newBuilder();
            BackupStore.Copy made = copy;
            if (made == null) {
                first.setRevision(revision.getAsLong());
                made = store.copy();
                copy = made;
                first.setTotalBytes(made.bytes());
                log.info("backup made bytes={} revision={}", made.bytes(), first.getRevision());
            }
            while (out.isReady() && !out.isCancelled()) {
                ByteString data = UnsafeByteOperations.unsafeWrap(made.next());
                if (data.isEmpty()) {
                    end();
                    out.onCompleted();
                    return;
                }
                out.onNext((sent == 0 ? first : BackupResponse.newBuilder())
                        .setData(data)
                        .build());
                sent += data.size();
            }
            awaitClient();
        }
    }

    private synchronized boolean isTooSlow() {
        return tooSlow;
    }

    private synchronized void awaitClient() {
        if (!again && !over) {
            alarm = time.after(SLOWEST, () -> {
                synchronized (this) {
                    tooSlow = true;
                }
                go();
            });
        }
    }

    private void stopAlarm() {
        if (alarm != null) {
            alarm.cancel();
            alarm = null;
        }
    }

    private void fail(Failure why) {
        if (end()) {
            out.onError(Errors.of(why));
        }
    }

    /** By whoever works. */
    private boolean end() {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            stopAlarm();
        }
        if (copy != null) {
            copy.close();
        }
        ended.run();
        return true;
    }
}
