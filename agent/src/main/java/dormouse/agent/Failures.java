package dormouse.agent;

import io.grpc.Status;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Says in one line what went wrong, for people. */
final class Failures {
    private static final int LONGEST = 300;

    /** What a TLS library says where the two ends were set up differently, and what that is. */
    private static final Map<String, String> HINTS = Map.of(
            "certificate_required", "the server asks for a certificate: set tls.cert and tls.key",
            "not an ssl/tls record", "the server does not speak TLS there: is tls meant?",
            "first received frame was not settings", "the server does not speak gRPC there, or speaks TLS: set tls");

    private Failures() {}

    static String say(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String message = cause.getMessage();
        return message == null || message.isBlank() ? cause.getClass().getSimpleName() : oneLine(message);
    }

    /** The same for those who are not to learn where a backend is: a few words for its kind, none of its own. */
    static String told(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
            return "its host is not known";
        }
        if (cause.getClass() == TimeoutException.class && cause.getMessage() != null) {
            return cause.getMessage(); // our own clock's
        }
        if (cause instanceof ConnectTimeoutException || cause instanceof TimeoutException) {
            return "no answer in time";
        }
        if (cause instanceof NoRouteToHostException) {
            return "its host cannot be reached";
        }
        if (cause instanceof ConnectException) {
            return "connection refused";
        }
        if (cause instanceof SSLException) {
            return "its TLS is not right";
        }
        if (cause instanceof DecoderException || cause instanceof IllegalArgumentException) {
            return "what came is not HTTP";
        }
        return cause instanceof IOException ? "connection closed" : "it failed";
    }

    /** What gRPC says, with the cause, which is where it hides a refused connection. */
    static String say(Status status) {
        String description =
                oneLine(status.getDescription() == null ? status.getCode().name() : status.getDescription());
        String said = status.getCause() == null ? description : description + ": " + say(status.getCause());
        return HINTS.entrySet().stream()
                .filter(hint -> said.toLowerCase(Locale.ROOT).contains(hint.getKey()))
                .findFirst()
                .map(hint -> hint.getValue() + " (" + said + ")")
                .orElse(said);
    }

    /** The first line that says something, shortened, without control characters. */
    static String oneLine(String text) {
        String line = text.lines()
                .filter(each -> !each.isBlank())
                .findFirst()
                .orElse("")
                .strip();
        String clean = line.replaceAll("\\p{Cntrl}", " ");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "…";
    }
}
