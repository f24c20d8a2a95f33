package dormouse.server.door;

import dormouse.form.BodyType;
import dormouse.form.FormException;
import dormouse.form.MultipartForm;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.JsonRequest;
import java.io.ByteArrayInputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the server has to know of a request's body; all the rest is the backend's business. Of fields that stand there
 * twice the last counts, as it does to most parsers.
 *
 * @param model the Llm or pool that is asked for
 * @param stream whether the client expects an event stream
 */
record Asked(String model, boolean stream) {
    /** A body is not what it has to be. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;
        private final @Nullable String param;

        MalformedException(@Nullable String param, String message) {
            super(message);
            this.param = param;
        }
    }

    /** What a client is told of why its body could not be read. */
    static Refusal refusal(Throwable why) {
        return why instanceof MalformedException malformed
                ? Refusal.malformed(malformed.param, String.valueOf(malformed.getMessage()))
                : Refusal.of(Failure.of(Reason.INTERNAL, "the request's body could not be read"));
    }

    private static final String NO_MODEL = "model: needed, the name of an Llm";

    /** @param contentType of JSON, or of a form; null where the request names none, which stands for JSON */
    static Asked of(byte[] body, @Nullable String contentType) throws MalformedException {
        if (contentType == null) {
            return ofJson(body);
        }
        String wrong = BodyType.wrong(contentType, false);
        if (wrong != null) {
            throw new MalformedException(null, "content-type: " + wrong);
        }
        return MultipartForm.isForm(contentType) ? ofForm(body, contentType) : ofJson(body);
    }

    private static Asked ofForm(byte[] body, String contentType) throws MalformedException {
        try {
            MultipartForm form = MultipartForm.read(body, contentType);
            List<MultipartForm.Part> models = form.parts("model");
            if (models.isEmpty()) {
                throw new MalformedException("model", NO_MODEL);
            }
            List<MultipartForm.Part> streams = form.parts("stream");
            boolean stream =
                    !streams.isEmpty() && form.text(last(streams)).strip().equalsIgnoreCase("true");
            return new Asked(form.text(last(models)), stream);
        } catch (FormException e) {
            throw new MalformedException(null, "the body is not a form: " + e.getMessage());
        }
    }

    private static MultipartForm.Part last(List<MultipartForm.Part> parts) {
        return parts.get(parts.size() - 1);
    }

    private static Asked ofJson(byte[] body) throws MalformedException {
        try {
            JsonRequest read = JsonRequest.of(new ByteArrayInputStream(body));
            return new Asked(read.model(), read.stream());
        } catch (JsonRequest.MalformedException e) {
            throw new MalformedException(e.param(), String.valueOf(e.getMessage()));
        }
    }
}
