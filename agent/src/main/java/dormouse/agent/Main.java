package dormouse.agent;

import dormouse.pem.PemException;
import dormouse.settings.SettingsException;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * The agent's process. Exit codes: 0 done, drained or checked; 1 the check failed, or another agent has the state
 * directory; 2 the command line or the configuration is wrong.
 */
public final class Main {
    private static final Duration FINISH_WITHIN = Duration.ofSeconds(30);
    private static final Duration LOOK_AT_FILE = Duration.ofSeconds(1);
    private static final Duration LOOK_AT_CERTIFICATES = Duration.ofSeconds(2);

    private Main() {}

    /** See {@link Arguments#USAGE}. */
    public static void main(String[] args) throws InterruptedException {
        configureLogging();
        System.exit(run(args));
    }

    private static int run(String... args) throws InterruptedException {
        ConfigSource source;
        AgentConfig config;
        boolean check;
        try {
            Arguments arguments = Arguments.parse(args);
            if (arguments.help()) {
                System.out.print(Arguments.USAGE);
                return 0;
            }
            if (arguments.version()) {
                System.out.println("dormouse agent " + Version.text());
                return 0;
            }
            check = arguments.check();
            source = ConfigSource.of(arguments, System.getenv(), Path.of(System.getProperty("user.home")));
            config = source.read();
        } catch (IllegalArgumentException | SettingsException e) {
            System.err.println("dormouse agent: " + e.getMessage());
            return 2;
        }
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        if (check) {
            return Check.run(vertx, config, System.out) ? 0 : 1;
        }
        try (StateDir state = StateDir.open(config.stateDir());
                LiveTls tls = tls(config)) {
            if (tls != null) {
                tls.lookEvery(LOOK_AT_CERTIFICATES);
            }
            ServerChannels channels = new ServerChannels(config.servers(), tls);
            serve(
                    source,
                    config,
                    new Agent.Environment(vertx, channels, new SecureRandom(), Agent.Environment.CHECK_INTERVAL),
                    state);
            return 0;
        } catch (PemException e) {
            System.err.println("dormouse agent: tls: " + e.getMessage()); // it was fine when the file was read
            return 2;
        } catch (IOException e) {
            System.err.println("dormouse agent: " + e.getMessage());
            return 1;
        }
    }

    private static @Nullable LiveTls tls(AgentConfig config) throws PemException {
        return config.tls() == null ? null : LiveTls.ofClient(config.tls().files(), Clock.systemUTC());
    }

    private static void serve(ConfigSource source, AgentConfig config, Agent.Environment environment, StateDir state)
            throws IOException, InterruptedException {
        Logger log = LoggerFactory.getLogger(Main.class);
        log.info(
                "agent starts version={} name={} file={} servers={} llms={} discover={}",
                Version.text(),
                config.name(),
                source.file(),
                config.servers(),
                config.llms().stream().map(LlmConfig::name).toList(),
                config.discover() ? config.discoverPorts() : "false");
        if (config.llms().isEmpty() && !config.discover()) {
            log.warn("no llms are listed, and discover is false: nothing is published");
        }
        Agent agent = Agent.start(config, environment, state);
        CountDownLatch stopped = new CountDownLatch(1);
        try (ConfigWatch watch = new ConfigWatch(source, config, read -> agent.publish(read.llms(), read.discover()))) {
            watch.start(LOOK_AT_FILE);
            Systemd systemd = Systemd.of(System.getenv());
            AtomicBoolean stopping = new AtomicBoolean();
            Runnable stop = () -> {
                if (!stopping.compareAndSet(false, true)) {
                    Runtime.getRuntime().halt(130); // asked twice: at once
                }
                systemd.stopping();
                agent.stop(FINISH_WITHIN);
                stopped.countDown();
            };
            Signals.handle("HUP", watch::readNow);
            Signals.handle("TERM", stop);
            Signals.handle("INT", stop);
            systemd.ready("publishing to " + String.join(", ", config.servers()));
            stopped.await();
        }
        log.info("agent has ended");
    }

    private static void configureLogging() {
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", "dormouse/agent/logback.xml");
        }
        System.setProperty("vertx.logger-delegate-factory-class-name", "io.vertx.core.logging.SLF4JLogDelegateFactory");
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }
}
