package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.auth.Caller;
import dormouse.server.control.Fleet;
import dormouse.server.control.Lane;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.WakeGate;
import dormouse.v1.WakeProgress;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;

/** One {@code WakeLlm}: says once a second how it goes, and ends when the Llm is ACTIVE. Its lane serializes the answers. */
final class WakeCall implements WakeGate.Waiter {
    private static final Duration BETWEEN = Duration.ofSeconds(1);

    private final LlmName llm;
    private final Caller caller;
    private final Fleet fleet;
    private final WakeGate gate;
    private final Views views;
    private final Time time;
    private final ServerCallStreamObserver<WakeProgress> response;
    private final Lane lane = new Lane(Runnable::run);
    private long begun; // on the lane
    private boolean over; // on the lane

    WakeCall(
            LlmName llm,
            Caller caller,
            Fleet fleet,
            WakeGate gate,
            Views views,
            Time time,
            ServerCallStreamObserver<WakeProgress> response) {
        this.llm = llm;
        this.caller = caller;
        this.fleet = fleet;
        this.gate = gate;
        this.views = views;
        this.time = time;
        this.response = response;
        this.begun = time.nanos();
    }

    void start() {
        response.setOnCancelHandler(() -> lane.run(() -> {
            over = true;
            gate.leave(llm, this);
        }));
        Llm now = fleet.find(llm);
        if (now != null && now.status() == LlmStatus.INACTIVE) {
            failed(Failure.retry(Reason.LLM_INACTIVE, llm + " is INACTIVE: " + now.reason(), Duration.ofSeconds(10)));
            return;
        }
        gate.await(llm, true, this);
        tell();
    }

    private void tell() {
        lane.run(() -> {
            if (!over) {
                if (response.isReady()) {
                    progress();
                }
                time.after(BETWEEN, this::tell);
            }
        });
    }

    private void progress() {
        Llm now = fleet.find(llm);
        Llm seen = now == null ? null : caller.seen(now);
        if (seen != null) {
            response.onNext(WakeProgress.newBuilder()
                    .setLlm(views.live(seen))
                    .setElapsed(Times.duration(elapsed()))
                    .build());
        }
    }

    /** Since the wake began, which may be before this call joined it. */
    private Duration elapsed() {
        Long started = views.wakingSince(llm);
        begun = started == null ? begun : started;
        return time.since(begun);
    }

    /** Its caller may not wait any longer. */
    void end(Failure why) {
        gate.leave(llm, this);
        failed(why);
    }

    @Override
    public String caller() {
        return caller.id();
    }

    @Override
    public void awake() {
        lane.run(() -> {
            if (!over) {
                over = true;
                progress();
                response.onCompleted();
            }
        });
    }

    @Override
    public void failed(Failure why) {
        lane.run(() -> {
            if (!over) {
                over = true;
                response.onError(Errors.of(why));
            }
        });
    }
}
