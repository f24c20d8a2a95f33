package dormouse.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command takes, before its name and after it. */
final class ConnectionOptions {
    @Option(
            names = "--server",
            paramLabel = "HOST:PORT",
            scope = ScopeType.INHERIT,
            description = "The server (DORMOUSE_SERVER; default localhost:7700).")
    @Nullable
    String server;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            scope = ScopeType.INHERIT,
            description = "Who is calling (DORMOUSE_TOKEN; the variable does not show in a list of processes).")
    @Nullable
    String token;

    @Option(
            names = "--tls",
            scope = ScopeType.INHERIT,
            description = "Use TLS and trust the authorities that Java trusts.")
    boolean tls;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "Use TLS and trust the authorities in this PEM file (DORMOUSE_CA).")
    @Nullable
    String ca;

    @Option(
            names = "--cert",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "Use TLS and show this certificate, a PEM file (DORMOUSE_CERT); with --key.")
    @Nullable
    String cert;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "The certificate's private key, a PEM file (DORMOUSE_KEY).")
    @Nullable
    String key;

    @Option(names = "--insecure", scope = ScopeType.INHERIT, description = "Allow plaintext to another machine.")
    boolean insecure;
}
