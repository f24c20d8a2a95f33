package dormouse.server;

import dormouse.server.store.Restore;
import dormouse.settings.SettingsException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code dormouse server restore FILE}. */
@Command(
        name = "restore",
        description = {
            "Puts a backup where the database is to be, and ends.",
            "A database that is there is not overwritten: stop its server, and move it away first."
        })
final class RestoreCommand implements Callable<Integer> {
    @ParentCommand
    private @Nullable Main main;

    @Parameters(paramLabel = "FILE", description = "What `dormouse server backup` has made.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        if (main == null) {
            throw new IllegalStateException("a subcommand has its command");
        }
        ServerConfig.Store store = ServerConfig.of(main.settings()).database();
        Restore.Restored restored;
        try {
            restored = Restore.restore(store.url(), store.user(), store.password(), file);
        } catch (UnsupportedOperationException e) {
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
        System.out.println("restored " + restored.file() + ": " + restored.llms() + " Llms, up to revision "
                + restored.revision());
        if (restored.noted() > restored.revision()) {
            System.out.println("the database before it had come to revision " + restored.noted()
                    + ": what happened in between is not in this backup");
        }
        return 0;
    }
}
