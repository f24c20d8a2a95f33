package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where inferences go. Calls and callbacks are on the loop. */
interface Backend {
    /** Sends the request; what comes of it is told to the listener, and nothing after {@link Exchange#close}. */
    Exchange post(Call call, Listener listener);

    /** One request: {@code headers} without the content type. */
    record Call(String url, String contentType, Map<String, String> headers, Buffer body) {
        /** What passes to a backend; credentials never do, whatever the server sends. */
        private static final Set<String> PASSING = Set.of(
                "accept",
                "traceparent",
                "tracestate",
                "x-request-id",
                "anthropic-version",
                "anthropic-beta",
                "openai-beta");

        /** The request that a task makes, with the backend's own key. */
        static Call of(Infer infer, LlmConfig llm, byte[] body) {
            Map<String, String> headers = new LinkedHashMap<>();
            infer.getHeadersMap().forEach((name, value) -> {
                String lower = name.toLowerCase(Locale.ROOT);
                if (PASSING.contains(lower)) {
                    headers.put(lower, value);
                }
            });
            if (llm.apiKey() != null) {
                headers.put("authorization", "Bearer " + llm.apiKey().value());
            }
            return new Call(llm.url() + "/" + infer.getPath(), infer.getContentType(), headers, Buffer.buffer(body));
        }
    }

    /** A request under way. */
    interface Exchange {
        /** Lets one more piece of the body come, or its end: until then the backend is not read. */
        void more();

        /** Ends it; the backend sees its connection close. */
        void close();
    }

    /** What a backend answers: {@code head}, pieces of the body, then {@code end}; or {@code failed} at any time. */
    interface Listener {
        void head(int status, String contentType, Map<String, String> headers);

        void data(ByteString data);

        void end();

        /** Refused, cut off or not HTTP; the message is for a person. */
        void failed(String message);
    }
}
