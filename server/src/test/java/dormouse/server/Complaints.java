package dormouse.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.slf4j.LoggerFactory;

/** The errors that are logged while it is open, by this program and by gRPC: what nobody expected. */
final class Complaints implements AutoCloseable {
    private final List<String> errors = new ArrayList<>();
    private final Logger ours = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final java.util.logging.Logger theirs = java.util.logging.Logger.getLogger("io.grpc");

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
                add(event.getFormattedMessage() + "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
        }
    };

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord event) {
            if (event.getLevel().intValue() >= java.util.logging.Level.SEVERE.intValue()) {
                Throwable thrown = event.getThrown();
                add(event.getMessage() + (thrown == null ? "" : ": " + thrown + " at " + thrown.getStackTrace()[0]));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    Complaints() {
        appender.setContext(ours.getLoggerContext());
        appender.start();
        ours.addAppender(appender);
        theirs.addHandler(handler);
    }

    private synchronized void add(String error) {
        errors.add(error);
    }

    synchronized List<String> errors() {
        return List.copyOf(errors);
    }

    @Override
    public void close() {
        theirs.removeHandler(handler);
        ours.detachAppender(appender);
    }
}
