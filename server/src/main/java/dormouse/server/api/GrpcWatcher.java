package dormouse.server.api;

import dormouse.server.fleet.Failure;
import dormouse.server.relay.Sight;
import dormouse.server.relay.Watcher;
import io.grpc.stub.ServerCallStreamObserver;

/** A {@code WatchLlms} call, as a watch writes to it: on whatever thread has something to say. */
record GrpcWatcher(ServerCallStreamObserver<dormouse.v1.LlmEvent> response, Views views) implements Watcher {
    @Override
    public void run(Runnable job) {
        job.run();
    }

    @Override
    public boolean ready() {
        return response.isReady();
    }

    @Override
    public void show(Sight sight) {
        response.onNext(views.sight(sight));
    }

    @Override
    public void end(Failure why) {
        response.onError(Errors.of(why));
    }
}
