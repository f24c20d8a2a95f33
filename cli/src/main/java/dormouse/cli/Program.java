package dormouse.cli;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;

/** Reads a command line, runs its command, and turns whatever it ends with into one line and an exit code. */
final class Program {
    private final Console console;
    private final Dormouse dormouse;

    Program(Console console) {
        this.console = console;
        this.dormouse = new Dormouse(console);
    }

    static CommandLine commandLine(Dormouse dormouse) {
        CommandLine line = new CommandLine(dormouse)
                .addSubcommand("list", new ListCommand(dormouse), "ls")
                .addSubcommand("get", new GetCommand(dormouse))
                .addSubcommand("describe", new DescribeCommand(dormouse))
                .addSubcommand("run", new RunCommand(dormouse))
                .addSubcommand("wake", new WakeCommand(dormouse))
                .addSubcommand("sleep", new SleepCommand(dormouse))
                .addSubcommand("agents", new AgentsCommand(dormouse))
                .addSubcommand("demo", new OtherProgram.Demo())
                .addSubcommand("server", new OtherProgram.Server())
                .addSubcommand("agent", new OtherProgram.Agent())
                .addSubcommand("completion", new CompletionCommand(dormouse))
                .addSubcommand("help", new HelpCommand());
        return line.setCaseInsensitiveEnumValuesAllowed(true);
    }

    /** Runs a command to its end; returns its exit code. */
    int run(String... args) {
        StringWriter help = new StringWriter();
        CommandLine line = commandLine(dormouse)
                .setOut(new PrintWriter(help))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        console.terminal().liveOut() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler((e, arguments) -> wrongUsage(e))
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e));
        try {
            int code = line.execute(args);
            line.getOut().flush();
            console.out().print(help.toString()).flush();
            return code;
        } catch (UncheckedIOException e) {
            return failed(e);
        }
    }

    /** For the thread that ends the program on a signal. */
    void interrupt() throws InterruptedException {
        dormouse.interrupt();
    }

    private int wrongUsage(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        String message = Printable.line(String.valueOf(e.getMessage()));
        console.tell("dormouse: " + message + ". Try '" + command + " --help'.");
        return ExitCode.USAGE;
    }

    private int failed(Exception e) {
        if (dormouse.interrupted()) {
            return ExitCode.INTERRUPTED;
        }
        if (e instanceof UncheckedIOException cannotWrite) {
            return cannotWrite(String.valueOf(cannotWrite.getMessage()));
        }
        flushQuietly();
        Failure failure = failure(e);
        console.tell("dormouse: " + failure.getMessage());
        return failure.exitCode();
    }

    private Failure failure(Exception e) {
        if (e instanceof Failure failure) {
            return failure;
        }
        Connection connection = dormouse.connection();
        if (connection != null && e instanceof StatusException refused) {
            return Refusal.of(refused, connection);
        }
        if (connection != null && e instanceof StatusRuntimeException refused) {
            Status status = refused.getStatus();
            return Refusal.of(
                    refused.getTrailers() == null ? status.asException() : status.asException(refused.getTrailers()),
                    connection);
        }
        return Failure.refused("a fault of this program: " + Printable.line(e.toString()));
    }

    /** What has been said so far belongs before the error. */
    private void flushQuietly() {
        try {
            console.out().flush();
        } catch (UncheckedIOException e) {
            // the error that is about to be told matters more
        }
    }

    /** A reader that has gone, like {@code head}, has had what it wanted; a full disk has not. */
    private int cannotWrite(String message) {
        if (message.contains("Broken pipe") || message.contains("Stream closed")) {
            return ExitCode.DONE;
        }
        try {
            console.tell("dormouse: the output cannot be written: " + Printable.line(message) + ".");
        } catch (UncheckedIOException e) {
            // standard error is gone too
        }
        return ExitCode.REFUSED;
    }
}
