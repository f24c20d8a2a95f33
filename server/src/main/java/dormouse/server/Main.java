package dormouse.server;

import dormouse.agent.Systemd;
import dormouse.server.fleet.StoreException;
import dormouse.server.store.Database;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The server's process. Exit codes: 0 drained; 1 it could not start or run; 2 the command line or the configuration is wrong. */
@Command(
        name = "dormouse server",
        description = "One front door for the language models of many machines.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {MigrateCommand.class, RestoreCommand.class, BackupHint.class, InitTls.class})
public final class Main implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(Main.class);
    private static final Duration FINISH_WITHIN = Duration.ofSeconds(30);

    @Option(
            names = "--config",
            paramLabel = "FILE",
            scope = CommandLine.ScopeType.INHERIT,
            description = "The configuration; without it, everything has its default.")
    private @Nullable Path config;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Sets one key, for instance lifecycle.heartbeatTimeout=2s. May be repeated.")
    private List<String> sets = new ArrayList<>();

    @Option(
            names = "--ports-file",
            paramLabel = "FILE",
            description = "Is written once the server can serve: lines grpc=HOST:PORT and http=HOST:PORT.")
    private @Nullable Path portsFile;

    /** The process. */
    public static void main(String[] args) {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        System.exit(new CommandLine(new Main())
                .setExecutionExceptionHandler(Main::explain)
                .execute(args));
    }

    private static int explain(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        boolean wrong = e instanceof SettingsException;
        if (wrong || e instanceof StoreException || e instanceof IOException) {
            Throwable cause = e instanceof IOException && e.getCause() != null ? e.getCause() : null;
            command.getErr()
                    .println("dormouse server: " + e.getMessage() + (cause == null ? "" : ": " + cause.getMessage()));
        } else {
            log.error("the server has failed", e);
        }
        return wrong ? 2 : 1;
    }

    @Override
    public Integer call() throws Exception {
        ServerConfig checked = ServerConfig.of(settings());
        Server server = Server.start(checked);
        Systemd systemd = Systemd.of(System.getenv());
        AtomicInteger code = new AtomicInteger();
        Thread drain = new Thread(() -> drain(server, systemd, code), "dormouse-drain");
        Runtime.getRuntime().addShutdownHook(drain);
        try {
            serve(server, checked, systemd);
        } catch (IOException | RuntimeException e) {
            code.set(1);
            throw e;
        }
        drain.join();
        return 0;
    }

    private void serve(Server server, ServerConfig checked, Systemd systemd) throws IOException, InterruptedException {
        String grpc = Addresses.text(server.grpcAddress(checked));
        String http = Addresses.text(server.httpAddress());
        String warning = checked.beyondLoopback()
                ? checked.reach().warning(checked.auth().tokens())
                : null;
        if (warning != null) {
            log.warn("{} grpc={} http={}", warning, grpc, http);
        }
        log.info(
                "serving grpc={} http={} database={}",
                grpc,
                http,
                Database.shown(checked.database().url()));
        if (portsFile != null) {
            write(portsFile, "grpc=" + grpc + "\nhttp=" + http + "\n");
        }
        systemd.ready("serving grpc=" + grpc + " http=" + http);
        server.awaitEnd();
    }

    /** As one step, so that a reader never finds half of it. */
    private static void write(Path file, String text) throws IOException {
        Path half = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.writeString(half, text);
            Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException e) {
            throw new IOException("--ports-file " + file + ": there is no such directory");
        } catch (IOException e) {
            throw new IOException("--ports-file " + file + ": can't be written", e);
        }
    }

    /** Once all is told, what was asked for is done: exit code 0 in place of the signal's, unless something was wrong. */
    private static void drain(Server server, Systemd systemd, AtomicInteger code) {
        systemd.stopping();
        try {
            server.drain(FINISH_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.close();
        log.info("ended");
        Runtime.getRuntime().halt(code.get());
    }

    /** What the command line, the environment and the file say. */
    Settings settings() {
        Map<String, String> env = System.getenv();
        Settings settings = config == null ? Settings.empty("defaults") : Settings.read(config, env);
        settings = settings.environment("DORMOUSE_", env);
        for (String set : sets) {
            int equals = set.indexOf('=');
            if (equals <= 0) {
                throw new CommandLine.ParameterException(
                        new CommandLine(this), "--set " + set + ": KEY=VALUE, for instance grpc.address=127.0.0.1:0");
            }
            settings = settings.set(set.substring(0, equals), set.substring(equals + 1), "--set");
        }
        return settings;
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"dormouse server " + (version == null ? "(development)" : version)};
        }
    }
}
