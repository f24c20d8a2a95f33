package dormouse.bench;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Small requests one after another on each of some kept connections. On one event loop; {@link #run} waits for it. */
final class RequestLoad implements AutoCloseable {
    private final Vertx vertx = OneLoop.vertx();
    private final HttpClientAgent client;
    private final int connections;

    RequestLoad(int connections) {
        this.connections = connections;
        client = vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(connections));
    }

    /** @param micros of each request, in ascending order */
    record Outcome(double[] micros, double seconds) {
        double quantile(double share) {
            return micros[(int) Math.min(micros.length - 1, Math.floor(share * micros.length))];
        }

        double perSecond() {
            return micros.length / seconds;
        }
    }

    /** @throws IllegalStateException at the first answer that is not 200: a figure of refusals would flatter */
    Outcome run(String baseUrl, String llm, int requests) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(baseUrl + "/chat/completions")
                .putHeader("content-type", "application/json");
        Buffer body = Frames.request(llm);
        int each = Math.max(1, requests / connections);
        List<Future<double[]>> all = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < connections; i++) {
            Promise<double[]> end = Promise.promise();
            vertx.runOnContext(start -> next(options, body, new double[each], 0, end));
            all.add(end.future());
        }
        Waiting.on(Future.all(all), 300);
        double seconds = (System.nanoTime() - begun) / 1e9;
        double[] micros = all.stream()
                .flatMapToDouble(one -> Arrays.stream(one.result()))
                .sorted()
                .toArray();
        return new Outcome(micros, seconds);
    }

    private void next(RequestOptions options, Buffer body, double[] micros, int number, Promise<double[]> end) {
        if (number == micros.length) {
            end.complete(micros);
            return;
        }
        long begun = System.nanoTime();
        client.request(options)
                .compose(request -> request.send(body))
                .compose(answer -> answer.statusCode() == 200
                        ? answer.body()
                        : answer.body().compose(text -> Future.failedFuture(answer.statusCode() + " " + text)))
                .onSuccess(whole -> {
                    micros[number] = (System.nanoTime() - begun) / 1e3;
                    next(options, body, micros, number + 1, end);
                })
                .onFailure(end::fail);
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
