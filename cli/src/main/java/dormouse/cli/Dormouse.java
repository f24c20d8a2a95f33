package dormouse.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ScopeType;

/**
 * The root of the commands: holds what they share, which is the console and the way to the server.
 *
 * <p>{@link #interrupt} may be called by any thread.
 */
@Command(
        name = "dormouse",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        usageHelpAutoWidth = true,
        sortOptions = false,
        description = "One front door for the language models that people run on machines nobody can reach.",
        footer = {
            "",
            "Exit codes: 0 done; 1 the server refused or the Llm is not to be had; 2 wrong usage; "
                    + "3 the server could not be reached; 130 interrupted."
        })
final class Dormouse {
    private final Console console;

    @Mixin
    private final ConnectionOptions options = new ConnectionOptions();

    private @Nullable Connection connection;
    private volatile @Nullable Client client;
    private volatile boolean interrupted;

    Dormouse(Console console) {
        this.console = console;
    }

    Console console() {
        return console;
    }

    /** Opens the way to the server; the command closes it. */
    Client connect() {
        Connection resolved = Connection.resolve(options, console.env());
        Client opened = Client.open(resolved);
        connection = resolved;
        client = opened;
        if (interrupted) {
            opened.close();
        }
        return opened;
    }

    Progress progress(Client client) {
        return new Progress(console, "waiting for the server at " + client.address());
    }

    /** How the command reached for the server; null before it did. */
    @Nullable
    Connection connection() {
        return connection;
    }

    /** Cancels the call that is under way, and waits a moment for the server to hear of it. */
    void interrupt() throws InterruptedException {
        interrupted = true;
        Client open = client;
        if (open != null) {
            open.close();
            open.awaitClosed(java.time.Duration.ofMillis(300));
        }
    }

    boolean interrupted() {
        return interrupted;
    }
}
