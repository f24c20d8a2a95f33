package dormouse.cli;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
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

    /** Every command, in the order of the help. */
    private static Map<String, Supplier<Object>> commands(Dormouse dormouse) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("list", () -> new ListCommand(dormouse));
        commands.put("get", () -> new GetCommand(dormouse));
        commands.put("describe", () -> new DescribeCommand(dormouse));
        commands.put("run", () -> new RunCommand(dormouse));
        commands.put("wake", () -> new WakeCommand(dormouse));
        commands.put("sleep", () -> new SleepCommand(dormouse));
        commands.put("create", () -> new CreateCommand(dormouse));
        commands.put("delete", () -> new DeleteCommand(dormouse));
        commands.put("agents", () -> new AgentsCommand(dormouse));
        commands.put("usage", () -> new UsageCommand(dormouse));
        commands.put("token", () -> TokenCommand.of(dormouse));
        commands.put("demo", OtherProgram.Demo::new);
        commands.put("server", OtherProgram.Server::new);
        commands.put("agent", OtherProgram.Agent::new);
        commands.put("completion", () -> new CompletionCommand(dormouse));
        commands.put("help", HelpCommand::new);
        return commands;
    }

    /**
     * The command line with the commands that its words can mean, which is all of them where no word is a command:
     * to look into a dozen classes for the sake of one costs more time than the call to the server.
     */
    private static CommandLine commandLine(Dormouse dormouse, Set<String> words) {
        Map<String, Supplier<Object>> commands = commands(dormouse);
        Set<String> meant = new HashSet<>(words);
        if (meant.remove("ls")) {
            meant.add("list");
        }
        if (Collections.disjoint(meant, commands.keySet()) || meant.contains("help") || meant.contains("completion")) {
            meant = commands.keySet();
        }
        CommandLine line = new CommandLine(dormouse);
        for (Map.Entry<String, Supplier<Object>> command : commands.entrySet()) {
            if (meant.contains(command.getKey())) {
                line.addSubcommand(command.getKey(), command.getValue().get());
            }
        }
        CommandLine server = line.getSubcommands().get("server");
        if (server != null) {
            server.addSubcommand("backup", new BackupCommand(dormouse));
        }
        return line.setCaseInsensitiveEnumValuesAllowed(true);
    }

    /** Runs a command to its end; returns its exit code. */
    int run(String... args) {
        StringWriter help = new StringWriter();
        CommandLine line = commandLine(dormouse, new HashSet<>(Arrays.asList(args)))
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
            Throwable cause = cannotWrite.getCause();
            return cannotWrite(String.valueOf(cause == null ? cannotWrite.getMessage() : cause.getMessage()));
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
