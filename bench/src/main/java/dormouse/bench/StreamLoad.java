package dormouse.bench;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.parsetools.RecordParser;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Many streams at once, each on a connection of its own, each frame held against what it must be. On one event loop;
 * {@link #run} waits for it.
 */
public final class StreamLoad implements AutoCloseable {
    private final Vertx vertx = OneLoop.vertx();
    private final HttpClientAgent client;

    /** @param connections at most, at the same time */
    public StreamLoad(int connections) {
        client = vertx.createHttpClient(
                new HttpClientOptions().setConnectTimeout(60_000),
                new PoolOptions().setHttp1MaxSize(connections).setMaxWaitQueueSize(-1));
    }

    /**
     * Streams that are alike.
     *
     * @param streams how many, all at once
     * @param frames of each
     * @param everyMillis 0: as fast as they come
     * @param together each goes on after its first frame when so many are open; 0 or 1: at once
     */
    public record Shape(int streams, int frames, int everyMillis, int together) {}

    /**
     * What came of it.
     *
     * @param frames that came, and were what they had to be
     * @param faults what was wrong, a line for each stream that was not as it must be
     * @param firstFrameMillis of each stream, in ascending order
     */
    public record Outcome(long frames, List<String> faults, double[] firstFrameMillis, double seconds) {
        public double framesPerSecond() {
            return frames / seconds;
        }

        /** Of the first frames, at most. */
        public double slowestFirstFrameMillis() {
            return firstFrameMillis.length == 0 ? Double.NaN : firstFrameMillis[firstFrameMillis.length - 1];
        }
    }

    /**
     * @param baseUrl with {@code /v1}
     * @param llms whom the streams are asked of, in turn
     */
    public Outcome run(String baseUrl, List<String> llms, Shape shape, int seconds) {
        long begun = System.nanoTime();
        List<Future<Reader>> readers = new ArrayList<>();
        for (int i = 0; i < shape.streams(); i++) {
            readers.add(start(baseUrl + "/chat/completions", llms.get(i % llms.size()), i, shape));
        }
        Waiting.on(Future.join(readers).otherwiseEmpty(), seconds);
        double took = (System.nanoTime() - begun) / 1e9;
        long frames = 0;
        List<String> faults = new ArrayList<>();
        double[] first = new double[readers.size()];
        for (int i = 0; i < first.length; i++) {
            if (readers.get(i).succeeded()) {
                Reader reader = readers.get(i).result();
                frames += reader.next;
                first[i] = reader.firstFrameMillis;
                if (!reader.fault.isEmpty()) {
                    faults.add("stream " + i + ": " + reader.fault);
                }
            } else {
                faults.add("stream " + i + ": " + readers.get(i).cause());
            }
        }
        java.util.Arrays.sort(first);
        return new Outcome(frames, faults, first, took);
    }

    private Future<Reader> start(String url, String llm, int number, Shape shape) {
        Reader reader = new Reader(number, shape.frames());
        return client.request(new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setAbsoluteURI(url)
                        .putHeader("content-type", "application/json"))
                .compose(request -> request.send(
                        Frames.request(llm, number, shape.frames(), shape.everyMillis(), shape.together())))
                .compose(reader::read);
    }

    /** Of one stream. */
    private static final class Reader {
        private final int number;
        private final int frames;
        private final long begun = System.nanoTime();
        private final Promise<Reader> end = Promise.promise();
        private int next;
        private boolean done;
        private String fault = "";
        private double firstFrameMillis;

        Reader(int number, int frames) {
            this.number = number;
            this.frames = frames;
        }

        Future<Reader> read(HttpClientResponse response) {
            if (response.statusCode() != 200) {
                return response.body()
                        .compose(body -> Future.failedFuture("status " + response.statusCode() + ", " + body));
            }
            RecordParser parser = RecordParser.newDelimited("\n\n", response);
            parser.handler(event -> hear(event.toString()));
            parser.exceptionHandler(end::tryFail);
            parser.endHandler(ended -> {
                if (!done) {
                    wrong("ended after frame " + next + " of " + frames + ", without [DONE]");
                }
                end.tryComplete(this);
            });
            return end.future();
        }

        private void hear(String event) {
            if (event.startsWith(":")) {
                return; // a comment, to keep the connection
            }
            if (next == 0) {
                firstFrameMillis = (System.nanoTime() - begun) / 1e6;
            }
            if (next == frames && event.equals(Frames.DONE) && !done) {
                done = true;
            } else if (next < frames && event.equals(Frames.frame(number, next))) {
                next++;
            } else {
                wrong("in place of frame " + next + " came: " + event);
            }
        }

        private void wrong(String what) {
            if (fault.isEmpty()) {
                fault = what;
            }
        }
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
