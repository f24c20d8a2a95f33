package dormouse.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the server: options win over the environment, that over the person's {@link ClientConfig}.
 *
 * <p>The file's token and certificate are for the file's server: when another one is named, they stay at home.
 *
 * @param source what named the address, for errors
 * @param tls false: plaintext
 * @param ca null: the authorities that Java trusts
 */
record Connection(
        ServerAddress address,
        String source,
        @Nullable String token,
        boolean tls,
        @Nullable Path ca,
        @Nullable Path cert,
        @Nullable Path key) {

    static Connection resolve(ConnectionOptions options, Map<String, String> env) {
        ClientConfig config = ClientConfig.read(env);
        String named = either(options.server, env.get("DORMOUSE_SERVER"));
        String token = either(options.token, env.get("DORMOUSE_TOKEN"));
        Path ca = path(either(options.ca, env.get("DORMOUSE_CA")));
        Path cert = path(either(options.cert, env.get("DORMOUSE_CERT")));
        Path key = path(either(options.key, env.get("DORMOUSE_KEY")));
        boolean tls = options.tls;
        boolean insecure = options.insecure;
        if (named == null || config.server() == null || named.equals(config.server())) {
            token = token == null ? config.secret() : token;
            ca = ca == null ? config.ca() : ca;
            cert = cert == null ? config.cert() : cert;
            key = key == null ? config.key() : key;
            tls |= config.tls();
            insecure |= config.insecure();
        }
        if ((cert == null) != (key == null)) {
            throw Failure.usage("a client certificate needs both --cert and --key; "
                    + (cert == null ? "--cert" : "--key") + " is missing");
        }
        tls |= ca != null || cert != null;
        String source = options.server != null ? "--server" : named != null ? "DORMOUSE_SERVER" : "the default";
        if (named == null && config.server() != null) {
            named = config.server();
            source = config.file().toString();
        }
        ServerAddress address =
                ServerAddress.parse(named == null ? "localhost:" + ServerAddress.DEFAULT_PORT : named, source);
        if (!tls && !insecure && !address.isLoopback()) {
            throw Failure.usage("refused to talk to " + address + " in plaintext: it is not this machine. Use --tls or "
                    + "--ca FILE, or --insecure where the network in between is trusted");
        }
        return new Connection(address, source, token, tls, ca, cert, key);
    }

    private static @Nullable String either(@Nullable String option, @Nullable String variable) {
        if (option != null) {
            return option;
        }
        return variable == null || variable.isEmpty() ? null : variable;
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }
}
