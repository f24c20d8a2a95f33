package dormouse.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Unmatched;

/**
 * {@code dormouse server backup FILE} asks a server that runs, so the command line's program does it, with its ways to find
 * the server; the launcher goes there by itself. Here it stands for the help, and for who has come by the jar.
 */
@Command(
        name = "backup",
        description =
                "Asks the server that runs for a copy of its database. `dormouse server backup --help` shows how.")
final class BackupHint implements Callable<Integer> {
    @Unmatched
    private final List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        System.err.println(
                "dormouse server: a backup is made by the command line's program: `dormouse server backup FILE`, or"
                        + " `java -jar dormouse-cli.jar server backup FILE`");
        return ExitCode.USAGE;
    }
}
