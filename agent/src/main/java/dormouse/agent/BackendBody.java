package dormouse.agent;

import dormouse.form.MultipartForm;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Makes the body that the backend gets out of the one that the client sent. Stateless; called on the loop. */
final class BackendBody {
    /** Parsing more than this would hold the loop for longer than a heartbeat or another task's token should wait. */
    private static final int PARSED_ON_LOOP = 128 * 1024;

    private BackendBody() {}

    private interface Rewrite {
        byte[] apply() throws IOException;
    }

    /**
     * JSON and forms get the backend's own name for the model; what is empty stays as it is. One of the two is called, on the
     * loop.
     *
     * @param contentType with which nothing is {@link dormouse.form.BodyType#wrong wrong}
     */
    static void make(
            byte[] body,
            String contentType,
            String model,
            Loop loop,
            Executor workers,
            Consumer<byte[]> made,
            Consumer<IOException> malformed) {
        boolean form = MultipartForm.isForm(contentType);
        Rewrite rewrite =
                form ? () -> FormRewrite.rewrite(body, contentType, model) : () -> ModelRewrite.rewrite(body, model);
        if (body.length == 0) {
            made.accept(body);
        } else if (body.length <= PARSED_ON_LOOP) {
            run(rewrite, Runnable::run, made, malformed);
        } else {
            workers.execute(() -> run(rewrite, loop, made, malformed));
        }
    }

    private static void run(Rewrite rewrite, Executor back, Consumer<byte[]> made, Consumer<IOException> malformed) {
        byte[] rewritten;
        try {
            rewritten = rewrite.apply();
        } catch (IOException e) {
            back.execute(() -> malformed.accept(e));
            return;
        }
        back.execute(() -> made.accept(rewritten));
    }
}
