package dormouse.cli;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A failed call as one line for a person: what happened, and what to do about it. */
final class Refusal {
    private Refusal() {}

    static Failure of(StatusException failed, Connection connection) {
        Status status = Problems.of(failed).orElseGet(Status::getDefaultInstance);
        String reason = Problems.reason(status);
        Code code = failed.getStatus().getCode();
        if (reason.isEmpty()) {
            return code == Code.UNAVAILABLE ? unreachable(failed, connection) : unexplained(failed, connection);
        }
        String message = end(Printable.line(status.getMessage().isBlank() ? reason : status.getMessage()));
        String httpStatus = Problems.metadata(status).get("http_status");
        String named = httpStatus == null ? reason : reason + " " + Printable.line(httpStatus);
        Optional<Duration> retry = Problems.retryAfter(status);
        String advice = retry.map(wait -> "Try again in " + Times.spokenWait(wait) + ".")
                .orElseGet(() -> ADVICE.getOrDefault(reason, ""));
        return Failure.refused((message + " (" + Printable.line(named) + "). " + advice).strip());
    }

    private static final Map<String, String> ADVICE = Map.ofEntries(
            Map.entry("UNAUTHENTICATED", "Give a valid token with --token or DORMOUSE_TOKEN."),
            Map.entry("FORBIDDEN", "Ask the operator for a token that may do this."),
            Map.entry("LLM_NOT_FOUND", "`dormouse list` shows the names that there are."),
            Map.entry("LLM_INACTIVE", "Its publisher is away; `dormouse describe` shows since when."),
            Map.entry("WAKE_FAILED", "`dormouse describe` shows its history; its publisher's log says more."),
            Map.entry("WAKE_TIMEOUT", "`dormouse describe` shows its history; its publisher's log says more."),
            Map.entry("QUEUE_FULL", "Try again later."),
            Map.entry("QUEUE_TIMEOUT", "Try again later."),
            Map.entry("RATE_LIMITED", "Try again later."),
            Map.entry("OVERLOADED", "Try again later."),
            Map.entry("REPLICA_DRAINING", "The server is about to stop; try again in a moment."),
            Map.entry("STORE_UNAVAILABLE", "The server's database is away; try again in a moment."),
            Map.entry("AGENT_LOST", "The connection to its publisher broke; try again."),
            Map.entry("BACKEND_FAILED", "Its model server broke off; try again."),
            Map.entry("SLEEP_REFUSED", "`dormouse describe` shows its tasks and whether it can sleep."),
            Map.entry("TOO_LARGE", "Send less."));

    private static Failure unreachable(StatusException failed, Connection connection) {
        String advice = connection.tls()
                ? "Is that the address, does it speak TLS, is --ca the authority that signed its certificate, and does it ask"
                        + " for one of yours (--cert, --key)?"
                : "Is a server running there (`dormouse server`), without TLS (else --tls or --ca)? "
                        + "--server or DORMOUSE_SERVER names another one.";
        return Failure.unreachable("the server at " + connection.address() + " (" + connection.source()
                + ") cannot be reached: " + cause(failed) + ". " + advice);
    }

    private static Failure unexplained(StatusException failed, Connection connection) {
        io.grpc.Status status = failed.getStatus();
        if (status.getCode() == Code.UNIMPLEMENTED) {
            return Failure.refused("the server at " + connection.address()
                    + " does not do this: its version does not have it yet, or it is no Dormouse server.");
        }
        return Failure.refused("the server at " + connection.address() + " refused: " + end(cause(failed)) + " ("
                + status.getCode() + ").");
    }

    /** The innermost message says it best: {@code Connection refused}, {@code unable to find valid certification path}. */
    private static String cause(StatusException failed) {
        Throwable cause = failed.getStatus().getCause();
        String text = failed.getStatus().getDescription();
        for (int depth = 0; cause != null && depth < 10; cause = cause.getCause(), depth++) {
            String message = cause.getMessage();
            text = message == null ? text : message;
            if (cause instanceof java.net.UnknownHostException) {
                text = "its name is not known to DNS";
            }
        }
        String line = text == null ? failed.getStatus().getCode().toString() : text;
        String first = line.lines().findFirst().orElse(line).strip();
        return Printable.line(first.replaceFirst(
                "^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ", "")); // Netty's own way to say it
    }

    private static String end(String sentence) {
        String stripped = sentence.strip();
        return stripped.endsWith(".") ? stripped.substring(0, stripped.length() - 1) : stripped;
    }
}
