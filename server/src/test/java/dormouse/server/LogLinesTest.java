package dormouse.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.net.URL;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers send may come into a log, and looks like what it is: part of a line. */
class LogLinesTest {
    private static final String FORGED = "GET /\r\n2026-11-28T23:59:59.999Z INFO  Tokens a token was made\u001b[31m";

    private final LoggerContext context = new LoggerContext();

    @AfterEach
    void close() {
        context.stop();
    }

    /** As the program with this configuration writes it. */
    private String written(String resource, String message, @Nullable Throwable failure) throws Exception {
        URL configuration = Collections.list(getClass().getClassLoader().getResources(resource)).stream()
                .findFirst()
                .orElseThrow();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(configuration);
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        var appender = (ConsoleAppender<ILoggingEvent>) root.getAppender("stderr");
        LoggingEvent event = new LoggingEvent("x", root, Level.INFO, message, failure, new Object[0]);
        return new String(appender.getEncoder().encode(event), UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"logback.xml", "dormouse/agent/logback.xml"})
    void anEventIsOneLine(String resource) throws Exception {
        assertThat(written(resource, FORGED, null))
                .endsWith("GET /  2026-11-28T23:59:59.999Z INFO  Tokens a token was made [31m" + System.lineSeparator())
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"logback.xml", "dormouse/agent/logback.xml"})
    void aStackHasAPlaceALineAndNothingElse(String resource) throws Exception {
        String written = written(resource, "it failed", new IllegalStateException(FORGED, new Exception("a\nb")));

        assertThat(written.lines().skip(1))
                .hasSizeGreaterThan(3)
                .allMatch(line -> line.startsWith("\t")
                        || line.startsWith("Caused by: ")
                        || line.startsWith("java.lang.IllegalStateException: GET /"));
        assertThat(written).doesNotContain("\u001b", "\r").endsWith("\n");
    }
}
