package dormouse.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/** All that this program's code logs while it is open, down to the finest. */
final class HeardLog implements AutoCloseable {
    private final StringBuffer text = new StringBuffer();
    private final Logger ours = (Logger) LoggerFactory.getLogger("dormouse");
    private final Level before = ours.getLevel();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            text.append(event.getFormattedMessage())
                    .append(ThrowableProxyUtil.asString(event.getThrowableProxy()))
                    .append('\n');
        }
    };

    HeardLog() {
        appender.setContext(ours.getLoggerContext());
        appender.start();
        ours.setLevel(Level.ALL);
        ours.addAppender(appender);
    }

    String text() {
        return text.toString();
    }

    @Override
    public void close() {
        ours.detachAppender(appender);
        ours.setLevel(before);
    }
}
