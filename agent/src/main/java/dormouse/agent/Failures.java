package dormouse.agent;

import io.grpc.Status;
import java.util.concurrent.CompletionException;

/** Says in one line what went wrong, for people. */
final class Failures {
    private static final int LONGEST = 300;

    private Failures() {}

    static String say(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String message = cause.getMessage();
        return message == null || message.isBlank() ? cause.getClass().getSimpleName() : oneLine(message);
    }

    /** What gRPC says, with the cause, which is where it hides a refused connection. */
    static String say(Status status) {
        String description = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        return oneLine(status.getCause() == null ? description : description + ": " + say(status.getCause()));
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
