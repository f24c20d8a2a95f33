package dormouse.bench;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A model server that needs no time to think, on one event loop of its own. It answers small whole answers at once, and
 * numbered streams at the pace that is asked for ({@link Frames}). Its methods may be called by any thread.
 */
public final class MockModel implements AutoCloseable {
    private static final String WHOLE = "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1764547200,"
            + "\"model\":\"mock\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello.\"},"
            + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":2,\"total_tokens\":4}}";
    private static final String LIST = "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\"}]}";

    private final Vertx vertx = OneLoop.vertx();
    private final HttpServer server;
    private final List<Runnable> held = new ArrayList<>();
    private int open;
    private volatile int most;

    private MockModel() {
        server = vertx.createHttpServer(new HttpServerOptions()
                        .setHost("127.0.0.1")
                        .setPort(0)
                        .setAcceptBacklog(4096)
                        .setIdleTimeout(0))
                .requestHandler(this::handle);
    }

    /** One that listens on a free port of the loopback. */
    public static MockModel start() {
        MockModel model = new MockModel();
        Waiting.on(model.server.listen());
        return model;
    }

    private void handle(HttpServerRequest request) {
        if (request.method() != HttpMethod.POST) {
            json(request.response(), LIST);
            return;
        }
        request.body().onSuccess(body -> {
            if (body.length() > 0 && body.toString().contains("\"stream\":true")) {
                new Stream(request.response(), body.toJsonObject()).start();
            } else {
                json(request.response(), WHOLE);
            }
        });
    }

    private static void json(HttpServerResponse response, String text) {
        response.putHeader("content-type", "application/json").end(text);
    }

    /** One stream; all of them on the one event loop, so that what they share needs no lock. */
    private final class Stream {
        private final HttpServerResponse response;
        private final int number;
        private final int frames;
        private final int everyMillis;
        private final int together;
        private int next;
        private boolean over;

        Stream(HttpServerResponse response, JsonObject asked) {
            this.response = response;
            this.number = asked.getInteger("number", 0);
            this.frames = asked.getInteger("frames", 10);
            this.everyMillis = asked.getInteger("everyMillis", 0);
            this.together = asked.getInteger("together", 0);
        }

        void start() {
            open++;
            most = Math.max(most, open);
            response.closeHandler(gone -> end());
            response.exceptionHandler(gone -> end());
            response.putHeader("content-type", "text/event-stream").setChunked(true);
            write();
            if (open >= together) {
                held.forEach(Runnable::run);
                held.clear();
                goOn();
            } else {
                held.add(this::goOn);
            }
        }

        private void goOn() {
            if (everyMillis > 0) {
                // not all in the same millisecond
                vertx.setTimer(1 + number % everyMillis, first -> tick());
            } else {
                pour();
            }
        }

        private void tick() {
            if (!over && !write()) {
                vertx.setTimer(everyMillis, again -> tick());
            }
        }

        private void pour() {
            while (!over && !response.writeQueueFull()) {
                if (write()) {
                    return;
                }
            }
            if (!over) {
                response.drainHandler(drained -> pour());
            }
        }

        /** @return whether that was the last */
        private boolean write() {
            if (next < frames) {
                response.write(Buffer.buffer(Frames.frame(number, next++)).appendBytes(Frames.END));
                return false;
            }
            response.write(Buffer.buffer(Frames.DONE).appendBytes(Frames.END));
            response.end();
            end();
            return true;
        }

        private void end() {
            if (!over) {
                over = true;
                open--;
            }
        }
    }

    /** How many streams were open at the same time, at most. */
    public int mostAtOnce() {
        return most;
    }

    /** The base URL, with {@code /v1}. */
    public String url() {
        return "http://127.0.0.1:" + server.actualPort() + "/v1";
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
