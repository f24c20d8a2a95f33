package dormouse.cli;

/** Ends a command with one line on standard error and an exit code. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    private Failure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** The server refused, or the Llm is not to be had. */
    static Failure refused(String message) {
        return new Failure(ExitCode.REFUSED, message);
    }

    static Failure usage(String message) {
        return new Failure(ExitCode.USAGE, message);
    }

    static Failure unreachable(String message) {
        return new Failure(ExitCode.UNREACHABLE, message);
    }

    int exitCode() {
        return exitCode;
    }
}
