package dormouse.agent;

import dormouse.form.MultipartForm;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes the body that the backend gets out of the one that the client sent. Stateless; called on the loop. */
final class BackendBody {
    /** Parsing more than this would hold the loop for longer than a heartbeat or another task's token should wait. */
    private static final int PARSED_ON_LOOP = 128 * 1024;

    private static final int LONGEST_TYPE = 256;
    private static final Pattern KNOWN_TYPE =
            Pattern.compile("|application/json|[^\\s,/]+/[^\\s,/]+\\+json|multipart/form-data");

    private BackendBody() {}

    /**
     * What is wrong with a body's type, or null. The server's word is not enough here: in a body of another type the client
     * could name any model of the backend, also one that is not published. An empty one may be of any type.
     */
    static @Nullable String wrongType(String contentType, boolean empty) {
        if (contentType.length() > LONGEST_TYPE || contentType.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
            return "at most " + LONGEST_TYPE + " characters of printable ASCII";
        }
        int parameters = contentType.indexOf(';');
        String plain = (parameters < 0 ? contentType : contentType.substring(0, parameters)).strip();
        return empty || KNOWN_TYPE.matcher(plain.toLowerCase(Locale.ROOT)).matches()
                ? null
                : "application/json or multipart/form-data, not " + contentType;
    }

    private interface Rewrite {
        byte[] apply() throws IOException;
    }

    /**
     * JSON and forms get the backend's own name for the model; what is empty stays as it is. One of the two is called, on the
     * loop.
     *
     * @param contentType that is not {@link #wrongType}
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
