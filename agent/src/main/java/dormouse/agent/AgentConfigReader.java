package dormouse.agent;

import dormouse.pem.PemException;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the agent's file; whatever is wrong in it is a {@link SettingsException} with its place. Stateless. */
final class AgentConfigReader {
    private static final String DEFAULT_PORT = "7700";
    private static final int MOST_PORTS = 32;
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");

    private AgentConfigReader() {}

    /** @param home the user's home directory, for {@code ~} */
    static AgentConfig read(Settings file, Path home) {
        boolean insecure = file.flag("insecure", false);
        AgentConfig.Tls tls = tls(file, home);
        List<String> servers = servers(file, tls == null && !insecure);
        List<LlmConfig> llms = llms(file);
        AgentConfig config = new AgentConfig(
                servers,
                tls,
                token(file, home),
                file.text("name", hostName()),
                path(file.text("stateDir", "~/.local/state/dormouse"), home),
                file.flag("discover", llms.isEmpty()),
                llms,
                ports(file));
        file.rejectUnknown();
        return config;
    }

    private static List<String> servers(Settings file, boolean loopbackOnly) {
        List<String> servers = new ArrayList<>();
        for (String each : file.text("server", "localhost:" + DEFAULT_PORT).split(",", -1)) {
            Matcher address = ADDRESS.matcher(each.strip());
            if (!address.matches() || (address.group(2) != null && port(address.group(2)) == 0)) {
                throw file.wrong("server", "an address is HOST:PORT, several have commas between");
            }
            String host = address.group(1);
            if (loopbackOnly && !isLoopback(host)) {
                throw file.wrong(
                        "server",
                        "without TLS only a server on this machine is accepted; set tls: true,"
                                + " or insecure: true where the network is your own");
            }
            servers.add(host + ":" + (address.group(2) == null ? DEFAULT_PORT : address.group(2)));
        }
        return servers;
    }

    private static int port(String digits) {
        int port = Integer.parseInt(digits);
        return port <= 65_535 ? port : 0;
    }

    private static List<Integer> ports(Settings file) {
        if (!file.has("discoverPorts")) {
            return AgentConfig.USUAL_PORTS;
        }
        Set<Integer> ports = new LinkedHashSet<>();
        for (String each : file.textList("discoverPorts")) {
            if (!each.matches("[0-9]{1,5}") || port(each) == 0) {
                throw file.wrong("discoverPorts", "a list of ports, each from 1 to 65535");
            }
            ports.add(port(each));
        }
        if (ports.size() > MOST_PORTS) {
            throw file.wrong("discoverPorts", "a list of at most " + MOST_PORTS + " ports");
        }
        return List.copyOf(ports);
    }

    /** By its text: a name that only resolves to a loopback address may resolve to another one later. */
    private static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    private static AgentConfig.@Nullable Tls tls(Settings file, Path home) {
        if (!file.has("tls")) {
            return null;
        }
        if (file.isScalar("tls")) {
            return file.flag("tls", false) ? new AgentConfig.Tls(null, null, null) : null;
        }
        Settings tls = file.section("tls");
        Path ca = existing(tls, "ca", home);
        Path cert = existing(tls, "cert", home);
        Path key = existing(tls, "key", home);
        if ((cert == null) != (key == null)) {
            throw tls.wrong(cert == null ? "key" : "cert", "cert and key go together");
        }
        AgentConfig.Tls read = new AgentConfig.Tls(ca, cert, key);
        try {
            LiveTls.ofClient(read.files(), Clock.systemUTC()).close();
        } catch (PemException e) {
            throw tls.wrong(
                    switch (e.part()) {
                        case CERTIFICATE -> "cert";
                        case KEY -> "key";
                        case AUTHORITIES -> "ca";
                    },
                    e.rule());
        }
        return read;
    }

    private static @Nullable Path existing(Settings settings, String key, Path home) {
        String text = settings.textOrNull(key);
        if (text == null) {
            return null;
        }
        Path path = path(text, home);
        if (!Files.isReadable(path)) {
            throw settings.wrong(key, "there is no readable file there");
        }
        return path;
    }

    private static @Nullable Secret token(Settings file, Path home) {
        String token = file.textOrNull("token");
        Path tokenFile = existing(file, "tokenFile", home);
        if (tokenFile != null) {
            if (token != null) {
                throw file.wrong("tokenFile", "either token or tokenFile");
            }
            try {
                token = Files.readString(tokenFile).strip();
            } catch (IOException e) {
                throw file.wrong("tokenFile", "cannot be read: " + e.getMessage());
            }
        }
        if (token == null || token.isEmpty()) {
            return null;
        }
        if (!Secret.isWord(token)) {
            throw file.wrong(
                    tokenFile == null ? "token" : "tokenFile", "a token has no spaces and no special characters");
        }
        return new Secret(token, tokenFile);
    }

    private static List<LlmConfig> llms(Settings file) {
        List<LlmConfig> llms = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Settings each : file.list("llms")) {
            LlmConfig llm = LlmConfigReader.read(each);
            if (!names.add(llm.name())) {
                throw each.wrong("name", "another Llm of this file has the same name");
            }
            llms.add(llm);
        }
        for (LlmConfig llm : llms) {
            if (names.contains(llm.pool())) {
                throw file.wrong("llms", "the pool " + llm.pool() + " of " + llm.name() + " is called like an Llm");
            }
        }
        return llms;
    }

    static Path path(String text, Path home) {
        if (text.equals("~")) {
            return home;
        }
        return text.startsWith("~/")
                ? home.resolve(text.substring(2))
                : Path.of(text).toAbsolutePath();
    }

    private static String hostName() {
        String name = System.getenv().getOrDefault("HOSTNAME", "");
        if (!name.isBlank()) {
            return name;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "agent";
        }
    }
}
