package dormouse.server;

import dormouse.server.auth.AuthConfig;
import dormouse.server.door.DoorConfig;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.Terms;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.Limits;
import dormouse.server.relay.WakeGate.WhenUnwanted;
import dormouse.settings.Settings;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says, checked. The keys, their defaults and bounds are those of {@code docs/server.md}.
 *
 * @param grpc where agents and gRPC clients connect; port 0 picks a free one
 * @param reach how the doors are guarded
 * @param usageRetention how long it is kept what tasks there were; zero: it isn't
 * @param replica the name of this process among those that share a database
 * @param llms the PUBLIC ones of the file
 * @param metricsPerLlm whether metrics tell the Llms apart
 * @param auth who may call
 */
public record ServerConfig(
        InetSocketAddress grpc,
        DoorConfig http,
        Reach reach,
        Store database,
        Terms terms,
        Duration resumeGrace,
        Duration sweepInterval,
        Duration historyRetention,
        Duration usageRetention,
        Deadlines deadlines,
        Limits limits,
        int agents,
        WhenUnwanted whenUnwanted,
        String replica,
        List<Declaration> llms,
        boolean metricsPerLlm,
        AuthConfig auth,
        boolean beyondLoopback) {

    /** Where the rows are. */
    public record Store(
            String url, @Nullable String user, @Nullable String password) {}

    private static final Pattern ORIGIN = Pattern.compile("[a-z][a-z0-9+.-]*://[^/?#\\s\"]+");
    private static final Pattern HOST = Pattern.compile("[a-z0-9]([a-z0-9.-]*[a-z0-9])?");
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(365);

    /** @throws dormouse.settings.SettingsException naming place, key, value and rule */
    static ServerConfig of(Settings settings) {
        Settings lifecycle = settings.section("lifecycle");
        Settings limits = settings.section("limits");
        Settings grpc = settings.section("grpc");
        InetSocketAddress address = Addresses.parse(grpc, "address", "127.0.0.1:7700");
        Settings http = settings.section("http");
        InetSocketAddress httpAddress = Addresses.parse(http, "address", "127.0.0.1:7701");
        Reach reach = Reach.of(settings);
        AuthConfig auth = auth(settings.section("auth"), limits);
        reach.check(grpc, address, auth.tokens());
        reach.check(http, httpAddress, auth.tokens());
        ServerConfig config = new ServerConfig(
                address,
                new DoorConfig(
                        httpAddress,
                        cors(http),
                        hosts(http),
                        settings.section("auth").choice("mode", AuthConfig.Mode.NONE) == AuthConfig.Mode.NONE,
                        reach.connections()),
                reach,
                store(settings.section("database")),
                terms(lifecycle),
                lifecycle.duration("resumeGrace", Duration.ofSeconds(10), Duration.ZERO, LONGEST),
                lifecycle.duration("sweepInterval", Duration.ofSeconds(15), SHORTEST, LONGEST),
                lifecycle.duration("historyRetention", Duration.ofDays(30), Duration.ofMinutes(1), LONGEST),
                settings.section("usage").duration("retention", Duration.ofDays(30), Duration.ZERO, LONGEST),
                deadlines(settings.section("deadlines")),
                limits(limits),
                limits.integer("agents", 20_000, 1, 1_000_000),
                settings.section("wake").choice("whenUnwanted", WhenUnwanted.CONTINUE),
                replica(settings.section("replica")),
                PublicLlmsReader.read(settings),
                settings.section("metrics").flag("perLlm", false),
                auth,
                !address.getAddress().isLoopbackAddress()
                        || !httpAddress.getAddress().isLoopbackAddress());
        settings.rejectUnknown();
        return config;
    }

    /** Origins as browsers send them, so that what is written can be compared with what comes. */
    private static List<String> cors(Settings http) {
        List<String> origins = http.isScalar("cors") ? List.of(http.text("cors", "")) : http.textList("cors");
        for (String origin : origins) {
            if (!origin.equals("*") && !ORIGIN.matcher(origin).matches()) {
                throw http.wrong("cors", "is not a list of origins ([https://chat.example.org]) or \"*\"");
            }
        }
        return origins;
    }

    /** Names as browsers send them, without a port. */
    private static List<String> hosts(Settings http) {
        List<String> hosts = http.isScalar("hosts") ? List.of(http.text("hosts", "")) : http.textList("hosts");
        for (String host : hosts) {
            if (!host.equals("*") && !HOST.matcher(host).matches()) {
                throw http.wrong("hosts", "is not a list of names in lower case, without ports, or \"*\"");
            }
        }
        return hosts;
    }

    private static Store store(Settings database) {
        String url = database.text("url", "jdbc:h2:file:./dormouse-data/dormouse");
        if (!url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:postgresql:")) {
            throw database.wrong("url", "does not begin with jdbc:h2: or jdbc:postgresql:");
        }
        return new Store(url, database.textOrNull("user"), database.textOrNull("password"));
    }

    private static Terms terms(Settings lifecycle) {
        Terms standard = Terms.DEFAULT;
        Duration timeout = lifecycle.duration("heartbeatTimeout", standard.heartbeatTimeout(), SHORTEST, LONGEST);
        Duration third = timeout.dividedBy(3);
        Duration usual = standard.heartbeatInterval();
        Duration interval =
                lifecycle.duration("heartbeatInterval", third.compareTo(usual) < 0 ? third : usual, SHORTEST, LONGEST);
        if (timeout.compareTo(interval) <= 0) {
            throw lifecycle.wrong(
                    "heartbeatTimeout",
                    "has to be longer than heartbeatInterval, " + interval.toMillis()
                            + " ms; three times as long is usual");
        }
        return new Terms(
                interval,
                timeout,
                lifecycle.duration("inactiveRetention", standard.inactiveRetention(), SHORTEST, LONGEST));
    }

    private static Deadlines deadlines(Settings deadlines) {
        Deadlines standard = Deadlines.DEFAULT;
        return new Deadlines(
                deadlines.duration("queue", standard.queue(), SHORTEST, LONGEST),
                null,
                deadlines.duration("firstByte", standard.firstByte(), SHORTEST, LONGEST),
                deadlines.duration("idle", standard.idle(), SHORTEST, LONGEST),
                deadlines.duration("total", standard.total(), SHORTEST, LONGEST));
    }

    private static Limits limits(Settings limits) {
        Limits standard = Limits.DEFAULT;
        long request = limits.bytes("requestBytes", standard.requestBytes(), 1024, 1L << 30);
        return new Limits(
                request,
                limits.bytes("bufferedBytes", Math.max(standard.bufferedBytes(), request), request, 1L << 40),
                (int) limits.bytes("windowBytes", standard.windowBytes(), 16 << 10, 16 << 20),
                limits.integer("queuePerLlm", standard.queuePerLlm(), 0, 1_000_000),
                limits.integer("waitersPerLlm", standard.waitersPerLlm(), 1, 1_000_000));
    }

    private static AuthConfig auth(Settings auth, Settings limits) {
        return new AuthConfig(
                auth.choice("mode", AuthConfig.Mode.NONE),
                auth.flag("openMetrics", false),
                auth.duration("auditRetention", Duration.ofDays(90), Duration.ofMinutes(1), LONGEST),
                limits.integer("tasksPerClient", 1024, 1, 1_000_000),
                limits.integer("requestsPerSecond", 0, 0, 1_000_000),
                keyDir(auth));
    }

    private static @Nullable Path keyDir(Settings auth) {
        String text = auth.text("keyDir", "");
        if (text.isEmpty()) {
            return null;
        }
        String rule = "is not the absolute path of a directory on the server";
        try {
            Path directory = Path.of(text);
            if (!directory.isAbsolute() || !Files.isDirectory(directory)) {
                throw auth.wrong("keyDir", rule);
            }
            return directory;
        } catch (InvalidPathException e) {
            throw auth.wrong("keyDir", rule);
        }
    }

    private static String replica(Settings replica) {
        String id = replica.text("id", "");
        if (id.length() > 64) {
            throw replica.wrong("id", "is longer than 64 characters");
        }
        return id.isEmpty() ? "main" : id;
    }
}
