package dormouse.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/** What nobody has caught: it ends up in a log, as an error, ours or that of a library. */
final class UncaughtFaults {
    private static final Queue<String> SEEN = new ConcurrentLinkedQueue<>();

    /** Vert.x says so at length when a peer breaks HTTP/2's rules, and closes its connection. */
    private static final String PEERS_FAULT = "io.vertx.core.net.impl.ConnectionBase";

    private UncaughtFaults() {}

    /** From now on they are noted. Idempotent. */
    static synchronized void listen() {
        ch.qos.logback.classic.Logger root =
                (ch.qos.logback.classic.Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        if (root.getAppender("faults") == null) {
            AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
                @Override
                protected void append(ILoggingEvent event) {
                    if (event.getLevel().isGreaterOrEqual(Level.ERROR)
                            && !event.getLoggerName().equals(PEERS_FAULT)) {
                        SEEN.add(event.getLoggerName() + ": " + event.getFormattedMessage() + " "
                                + (event.getThrowableProxy() == null
                                        ? ""
                                        : event.getThrowableProxy().getClassName() + " "
                                                + event.getThrowableProxy().getMessage()));
                    }
                }
            };
            appender.setName("faults");
            appender.setContext(root.getLoggerContext());
            appender.start();
            root.addAppender(appender);
            Logger.getLogger("io.grpc").addHandler(new Severe());
            Thread.setDefaultUncaughtExceptionHandler(
                    (thread, thrown) -> SEEN.add("uncaught in " + thread.getName() + ": " + thrown));
        }
    }

    /** @throws AssertionError where there are any */
    static void none() {
        List<String> seen = List.copyOf(SEEN);
        SEEN.clear();
        if (!seen.isEmpty()) {
            throw new AssertionError(String.join("\n", seen));
        }
    }

    private static final class Severe extends Handler {
        @Override
        public void publish(LogRecord line) {
            if (line.getLevel() == java.util.logging.Level.SEVERE) {
                SEEN.add(line.getLoggerName() + ": " + line.getMessage() + " " + line.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
