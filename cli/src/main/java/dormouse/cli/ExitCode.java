package dormouse.cli;

/** What a command ends with; part of the public interface. */
final class ExitCode {
    static final int DONE = 0;
    /** The server refused, or the Llm is not to be had. */
    static final int REFUSED = 1;

    static final int USAGE = 2;
    static final int UNREACHABLE = 3;
    static final int INTERRUPTED = 130;

    private ExitCode() {}
}
