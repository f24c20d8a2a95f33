package dormouse.server;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backend over real sockets that can be put to sleep and woken, and notes whatever must never be asked of it: a wake
 * while it is awake, a sleep while a request runs, a request while it sleeps. One event loop does all of it.
 */
final class CheckingBackend implements AutoCloseable {
    private enum State {
        AWAKE,
        FALLING_ASLEEP,
        ASLEEP,
        WAKING
    }

    private static final int LONGEST_MILLIS = 3;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private final AtomicInteger sleeps = new AtomicInteger();
    private final HttpServer server;

    // On the event loop.
    private final Random random;
    private State state = State.AWAKE;
    private int running;

    CheckingBackend(long seed) {
        random = new Random(seed);
        server = vertx.createHttpServer()
                .requestHandler(this::answer)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    private void answer(HttpServerRequest request) {
        switch (request.path()) {
            case "/wake" -> request.endHandler(end -> wake(request));
            case "/sleep" -> request.endHandler(end -> sleep(request));
            case "/v1/models" -> reply(request, state == State.AWAKE ? 200 : 503, "{\"data\":[]}");
            default -> request.bodyHandler(body -> infer(request, body.toString()));
        }
    }

    private void wake(HttpServerRequest request) {
        wakes.incrementAndGet();
        expect(state == State.ASLEEP, "a wake");
        state = State.WAKING;
        boolean tellFirst = random.nextInt(8) == 0; // then the agent has to ask until it answers
        if (tellFirst) {
            reply(request, 200, "");
        }
        soon(nothing -> {
            state = State.AWAKE;
            if (!tellFirst) {
                reply(request, 200, "");
            }
        });
    }

    private void sleep(HttpServerRequest request) {
        sleeps.incrementAndGet();
        expect(state == State.AWAKE && running == 0, "a sleep");
        state = State.FALLING_ASLEEP;
        soon(nothing -> {
            expect(state == State.FALLING_ASLEEP && running == 0, "the end of a sleep");
            state = State.ASLEEP;
            reply(request, 200, "");
        });
    }

    private void infer(HttpServerRequest request, String body) {
        expect(state == State.AWAKE, "a request");
        running++;
        soon(nothing -> {
            expect(state == State.AWAKE, "the end of a request");
            running--;
            reply(request, 200, "answer to " + body);
        });
    }

    private void expect(boolean allowed, String what) {
        if (!allowed) {
            faults.add(what + " while " + state + " with " + running + " requests running");
        }
    }

    /** At once, or after some milliseconds. */
    private void soon(Handler<Long> next) {
        int millis = random.nextInt(LONGEST_MILLIS + 1);
        if (millis == 0) {
            next.handle(0L);
        } else {
            vertx.setTimer(millis, next);
        }
    }

    private static void reply(HttpServerRequest request, int status, String text) {
        var unused = request.response().setStatusCode(status).end(text);
    }

    /** Below which it answers. */
    URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.actualPort() + path);
    }

    /** What it was asked for and should not have been. */
    Queue<String> faults() {
        return faults;
    }

    int wakes() {
        return wakes.get();
    }

    int sleeps() {
        return sleeps.get();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
