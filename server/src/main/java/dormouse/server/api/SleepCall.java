package dormouse.server.api;

import dormouse.server.auth.Caller;
import dormouse.server.control.Fleet;
import dormouse.server.control.Sleeps;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import io.grpc.stub.ServerCallStreamObserver;

/** One {@code SleepLlm}: answers once, when the recipe has run. A caller that leaves does not end the sleep. */
final class SleepCall implements Sleeps.Waiter {
    private final LlmName llm;
    private final Caller caller;
    private final Fleet fleet;
    private final Sleeps sleeps;
    private final Views views;
    private final ServerCallStreamObserver<dormouse.v1.Llm> response;

    SleepCall(
            LlmName llm,
            Caller caller,
            Fleet fleet,
            Sleeps sleeps,
            Views views,
            ServerCallStreamObserver<dormouse.v1.Llm> response) {
        this.llm = llm;
        this.caller = caller;
        this.fleet = fleet;
        this.sleeps = sleeps;
        this.views = views;
        this.response = response;
    }

    void start() {
        response.setOnCancelHandler(() -> sleeps.leave(llm, this));
        sleeps.request(llm, this);
    }

    @Override
    public void asleep() {
        Llm row = fleet.find(llm);
        Llm now = row == null ? null : caller.seen(row);
        if (now == null) {
            failed(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + llm));
            return;
        }
        response.onNext(views.live(now));
        response.onCompleted();
    }

    @Override
    public void failed(Failure why) {
        response.onError(Errors.of(why));
    }
}
