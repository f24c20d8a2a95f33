package dormouse.server.store;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A JDBC URL, and what Dormouse asks of the database at its other end. What the URL sets by itself stays as it is.
 *
 * @throws IllegalArgumentException where it is for another kind of database
 */
record DatabaseUrl(String value) {
    private static final String H2 = "jdbc:h2:";
    private static final String POSTGRESQL = "jdbc:postgresql:";

    /** How long a statement may take, a wait for a row included. */
    private static final int STATEMENT_MILLIS = 10_000;
    /** Longer than a statement: when this is over, the other end is not there. */
    private static final int SILENCE_SECONDS = 15;

    DatabaseUrl {
        if (!value.startsWith(H2) && !value.startsWith(POSTGRESQL)) {
            throw new IllegalArgumentException(
                    "database.url \"" + shown(value) + "\": must begin with " + H2 + " or " + POSTGRESQL);
        }
    }

    boolean isH2() {
        return value.startsWith(H2);
    }

    /** The file that an H2 in this process keeps its rows in, or null. */
    @Nullable
    Path h2File() {
        if (!isH2()) {
            return null;
        }
        String place = value.substring(H2.length()).split(";", 2)[0];
        if (place.startsWith("file:")) {
            place = place.substring("file:".length());
        } else if (place.matches("[a-z]{2,}:.*")) {
            return null;
        }
        String home = place.startsWith("~") ? System.getProperty("user.home") + place.substring(1) : place;
        return Path.of(home + ".mv.db");
    }

    /** What is given to the driver. */
    String complete() {
        StringBuilder complete = new StringBuilder(value);
        String upper = value.toUpperCase(Locale.ROOT);
        h2Settings().forEach((key, setting) -> {
            if (!upper.contains(";" + key + "=")) {
                complete.append(';').append(key).append('=').append(setting);
            }
        });
        return complete.toString();
    }

    /** For an H2 that is there, and to be left just as it is: no setting of its own that could write. */
    String readOnly() {
        StringBuilder settings = new StringBuilder(";IFEXISTS=TRUE;ACCESS_MODE_DATA=r;TRACE_LEVEL_FILE=0");
        String[] parts = value.split(";");
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].toUpperCase(Locale.ROOT).matches("(CIPHER|FILE_LOCK|DATABASE_TO_UPPER|MODE)=.*")) {
                settings.append(';').append(parts[i]);
            }
        }
        return parts[0] + settings;
    }

    /** The same settings, for an H2 in another file. */
    DatabaseUrl inFile(String path) {
        int settings = value.indexOf(';');
        return new DatabaseUrl(H2 + "file:" + path + (settings < 0 ? "" : value.substring(settings)));
    }

    /** For the driver; to PostgreSQL's the URL's own settings come first. */
    Properties properties(@Nullable String user, @Nullable String password) {
        Properties properties = new Properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        if (!isH2()) {
            properties.setProperty("ApplicationName", "dormouse");
            properties.setProperty("connectTimeout", "5");
            properties.setProperty("socketTimeout", String.valueOf(SILENCE_SECONDS));
            properties.setProperty("tcpKeepAlive", "true");
            // What stands in a row is nobody's business in a log.
            properties.setProperty("logServerErrorDetail", "false");
            // The second: a process that is stopped amid a commit must not hold up all others.
            properties.setProperty(
                    "options",
                    "-c statement_timeout=" + STATEMENT_MILLIS + " -c idle_in_transaction_session_timeout="
                            + STATEMENT_MILLIS);
        }
        return properties;
    }

    /**
     * With H2's own WRITE_DELAY a killed server loses commits that it has acknowledged; DB_CLOSE_ON_EXIT would close the
     * database at SIGTERM, while the last tasks are being finished; TRACE_LEVEL_FILE would write into a file of H2's own
     * what the log has anyhow. And where H2 2.5 may reuse the space of chunks that are no longer needed, a process that is
     * killed after a minute or more loses its last commits in spite of WRITE_DELAY=0; with REUSE_SPACE off it loses none,
     * and its file only grows until it is closed in order, or opened anew: see {@link Compaction}.
     */
    private Map<String, String> h2Settings() {
        Map<String, String> settings = new TreeMap<>();
        if (!isH2()) {
            return settings;
        }
        settings.put("LOCK_TIMEOUT", String.valueOf(STATEMENT_MILLIS));
        settings.put("TRACE_LEVEL_FILE", "0");
        settings.put("QUERY_TIMEOUT", String.valueOf(STATEMENT_MILLIS));
        String place = value.substring(H2.length());
        if (!place.startsWith("mem:")) {
            settings.put("WRITE_DELAY", "0");
            settings.put("REUSE_SPACE", "FALSE");
        }
        if (!place.startsWith("tcp:") && !place.startsWith("ssl:")) {
            settings.put("DB_CLOSE_ON_EXIT", "FALSE");
        }
        return settings;
    }

    /** Without what may be secret: the settings, and whoever stands before the host. */
    @Override
    public String toString() {
        return shown(value);
    }

    private static String shown(String url) {
        return url.replaceFirst("[;?].*$", "").replaceFirst("//.*@", "//");
    }
}
