package dormouse.server;

import dormouse.server.store.Database;
import dormouse.server.store.Migrated;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code dormouse server migrate}: for who wants it done before the new version serves, and not by it. */
@Command(name = "migrate", description = "Brings the database up to what this version needs, and ends.")
final class MigrateCommand implements Callable<Integer> {
    @ParentCommand
    private @Nullable Main main;

    @Override
    public Integer call() {
        if (main == null) {
            throw new IllegalStateException("a subcommand has its command");
        }
        ServerConfig.Store store = ServerConfig.of(main.settings()).database();
        Migrated done;
        try (Database database = Database.open(store.url(), store.user(), store.password())) {
            done = database.migrate();
        }
        String was = done.before().isEmpty() ? "had no tables" : "was at version " + done.before();
        System.out.println("database " + Database.shown(store.url()) + " " + was
                + (done.steps().isEmpty() ? ": nothing to do" : ""));
        done.steps().forEach(step -> System.out.println("migrated to " + step));
        return 0;
    }
}
