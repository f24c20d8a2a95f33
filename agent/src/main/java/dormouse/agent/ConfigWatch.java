package dormouse.agent;

import dormouse.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again when its file has changed, or on request. A wrong file changes nothing and is said once.
 * Has a thread of its own. Looking at the file's time works everywhere, mounted volumes of containers included.
 */
final class ConfigWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConfigWatch.class);

    private final ConfigSource source;
    private final Consumer<AgentConfig> publish;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(job -> {
        Thread watch = new Thread(job, "dormouse-agent-config");
        watch.setDaemon(true);
        return watch;
    });
    private AgentConfig config;
    private String stamp = "";
    private boolean changing;

    ConfigWatch(ConfigSource source, AgentConfig config, Consumer<AgentConfig> publish) {
        this.source = source;
        this.config = config;
        this.publish = publish;
        this.stamp = stamp();
    }

    void start(Duration interval) {
        var unused = thread.scheduleWithFixedDelay(
                this::look, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Reads it now, changed or not. */
    void readNow() {
        thread.execute(this::read);
    }

    /** A file that has just changed may be half written: it is read when it has been the same for two looks. */
    private void look() {
        String now = stamp();
        if (!now.equals(stamp)) {
            stamp = now;
            changing = true;
        } else if (changing) {
            changing = false;
            read();
        }
    }

    private void read() {
        try {
            AgentConfig read = source.read();
            if (!read.sameButLlms(config)) {
                log.warn("only llms and discover are taken from a changed file; the rest takes effect with a restart");
            }
            boolean changed = !read.llms().equals(config.llms()) || read.discover() != config.discover();
            config = config.withLlmsOf(read);
            log.info(
                    "configuration read again file={} llms={} changed={}",
                    source.file(),
                    read.llms().size(),
                    changed);
            if (changed) {
                publish.accept(config);
            }
        } catch (SettingsException e) {
            log.error("configuration is wrong, the old one stays: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.error("configuration could not be read, the old one stays", e);
        }
    }

    /** Tells one state of the file from the next; editors replace files, so the time alone would not do. */
    private String stamp() {
        Path file = source.file();
        if (file == null) {
            return "";
        }
        try {
            return Files.getLastModifiedTime(file) + " " + Files.size(file) + " "
                    + Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                            .fileKey();
        } catch (IOException gone) {
            return stamp; // between an editor's delete and its rename
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
