package dormouse.server;

import dormouse.pem.PemException;
import dormouse.server.tls.HomeFiles;
import dormouse.server.tls.Names;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a home fleet's certificates, and says where they go. Exit codes: 0 made; 1 not made; 2 the command line is wrong. */
@Command(
        name = "init-tls",
        description = "Makes an authority of your own, and certificates for the server and its agents and clients.",
        mixinStandardHelpOptions = true)
final class InitTls implements Callable<Integer> {
    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "Where to; what is there is never overwritten.")
    private @Nullable Path directory;

    @Option(
            names = "--host",
            paramLabel = "NAME",
            description =
                    "A name or an address by which the server is reached. May be repeated. Default: this machine's"
                            + " names, with --renew those of the present server.crt; localhost and the loopback"
                            + " addresses are always among them.")
    private List<String> hosts = new ArrayList<>();

    @Option(
            names = "--renew",
            description = "Makes the certificates of server and client anew, by the authority that is in DIR.")
    private boolean renew;

    @Override
    public Integer call() {
        if (spec == null || directory == null) {
            throw new IllegalStateException("picocli fills these in");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        HomeFiles files = new HomeFiles(directory.toAbsolutePath().normalize());
        List<String> reached = hosts;
        try {
            if (hosts.isEmpty() && renew) {
                reached = files.serverNames();
            }
        } catch (IOException e) {
            err.println("dormouse server init-tls: --renew takes the names of the present certificate: "
                    + e.getMessage() + "; say them with --host");
            return 1;
        }
        if (reached.isEmpty()) {
            reached = ownNames();
        }
        Names names;
        try {
            names = Names.withLoopback(reached);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--host: " + e.getMessage());
        }
        try {
            Instant until = renew
                    ? files.renew(names, Instant.now(), new SecureRandom())
                    : files.make(names, Instant.now(), new SecureRandom());
            tell(out, files, names, until);
            return 0;
        } catch (FileAlreadyExistsException e) {
            err.println("dormouse server init-tls: " + e.getMessage()
                    + " is there already, and nothing is overwritten; --renew makes certificates anew by the"
                    + " authority that is there, or name another directory");
        } catch (PemException e) {
            err.println(
                    "dormouse server init-tls: --renew takes the authority of an earlier init-tls: " + e.getMessage());
        } catch (IOException e) {
            err.println("dormouse server init-tls: " + files.authority().getParent() + " can't be written: "
                    + e.getMessage());
        }
        return 1;
    }

    private static List<String> ownNames() {
        List<String> names = new ArrayList<>();
        try {
            InetAddress own = InetAddress.getLocalHost();
            for (String each : List.of(own.getHostName(), own.getCanonicalHostName())) {
                if (each.matches("[A-Za-z0-9._-]*[A-Za-z][A-Za-z0-9._-]*")) {
                    names.add(each);
                }
            }
        } catch (UnknownHostException e) {
            return names; // it goes by localhost alone
        }
        return names;
    }

    private static void tell(PrintWriter out, HomeFiles files, Names names, Instant until) {
        String host = names.all().get(0);
        String local = "{ca: " + files.authority() + ", cert: " + files.client() + ", key: " + files.clientKey() + "}";
        out.println("Made, in " + files.authority().getParent() + ":");
        out.println("  ca.crt, ca.key          the authority; ca.key is needed for --renew alone, keep it to yourself");
        out.println("  server.crt, server.key  the server, as " + String.join(", ", names.all()));
        out.println("  client.crt, client.key  agents and clients");
        out.println("Certificates are valid until " + until
                + "; --renew makes new ones, and a running server takes them up.");
        out.println();
        out.println("Into the server's file:");
        out.println();
        out.println("  grpc: {address: \"0.0.0.0:7700\"}");
        out.println("  http: {address: \"0.0.0.0:7701\"}");
        out.println("  tls: {cert: " + files.server() + ", key: " + files.serverKey() + "}");
        out.println("  auth: {mode: token}");
        out.println();
        out.println(
                "With clientCa: " + files.authority() + " in tls, only who shows client.crt is let in, browsers and");
        out.println(
                "OpenAI clients too. Into each agent's file, with ca.crt (and client.crt, client.key where clientCa is");
        out.println("set) copied to its machine:");
        out.println();
        out.println("  server: " + host + ":7700");
        out.println("  tls: " + local);
        out.println("  tokenFile: agent.token   # one of `dormouse token create NAME --publish PATTERN`");
        out.println();
        out.println("By hand, with DORMOUSE_TOKEN set to a token (the first one is shown where the server starts):");
        out.println();
        out.println("  dormouse list --server " + host + ":7700 --ca " + files.authority() + " --cert " + files.client()
                + " --key " + files.clientKey());
        out.println("  curl --cacert " + files.authority() + " --cert " + files.client() + " --key " + files.clientKey()
                + " -H \"Authorization: Bearer $DORMOUSE_TOKEN\" https://" + host + ":7701/v1/models");
        out.flush();
    }
}
