package dormouse.agent;

import com.google.protobuf.ByteString;
import java.util.Map;

/** Where inferences go. Calls and callbacks are on the loop. */
interface Backend {
    /** Sends the request; what comes of it is told to the listener, and nothing after {@link Exchange#close}. */
    Exchange post(Call call, Listener listener);

    /** One request: {@code headers} without the content type. */
    record Call(String url, String contentType, Map<String, String> headers, byte[] body) {}

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
