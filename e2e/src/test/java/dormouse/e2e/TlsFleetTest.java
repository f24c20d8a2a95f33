package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet over TLS in real processes: {@code init-tls}, the server, an agent, the command line, a client by HTTP. */
@Tag("slow")
class TlsFleetTest {
    private static final String ANSWER = "{\"answer\":42}";

    @TempDir
    Path directory;

    private Path initTls(String name, String... more) throws InterruptedException {
        Path tls = directory.resolve(name);
        List<String> command = Program.java("server", "init-tls", tls.toString());
        command.addAll(List.of(more));
        try (Program made = Program.start("init-tls", directory, command)) {
            assertThat(made.exitCode()).as(made.log()).isZero();
            assertThat(made.log())
                    .contains("tls: {cert: " + tls.resolve("server.crt"), "--ca " + tls.resolve("ca.crt"));
        }
        return tls;
    }

    private static FakeBackend backend() {
        return FakeBackend.awake(exchange -> {
            exchange.head(200, "application/json");
            exchange.chunk(ANSWER);
            exchange.end();
        });
    }

    private static String agentTls(Path tls) {
        return "\ntls: {ca: " + tls.resolve("ca.crt") + ", cert: " + tls.resolve("client.crt") + ", key: "
                + tls.resolve("client.key") + "}";
    }

    /** What {@code dormouse list} prints. */
    private String list(ServerProcess server, Path tls, boolean own) throws InterruptedException {
        List<String> command = new ArrayList<>(Program.java("cli", "list", "-o", "name", "--server", server.address()));
        command.addAll(List.of("--ca", tls.resolve("ca.crt").toString()));
        if (own) {
            command.addAll(List.of(
                    "--cert",
                    tls.resolve("client.crt").toString(),
                    "--key",
                    tls.resolve("client.key").toString()));
        }
        try (Program cli = Program.start("cli", directory, command)) {
            return cli.exitCode() + " " + cli.log();
        }
    }

    private static HttpClient http(Path tls) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream ca = Files.newInputStream(tls.resolve("ca.crt"))) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(ca));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    @Test
    void aFleetOverTlsAnswersAndRenewsItsCertificatesWhileItRuns() throws Exception {
        Path tls = initTls("tls");
        try (ServerProcess server = ServerProcess.start(
                        directory, "tls.cert=" + tls.resolve("server.crt"), "tls.key=" + tls.resolve("server.key"));
                FakeBackend backend = backend();
                AgentProcess agent = AgentProcess.start(
                        directory, "ana", server.address() + agentTls(tls), backend.llm("mine", 4))) {
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> list(server, tls, true).endsWith("mine\n"));
            HttpResponse<String> answer = http(tls)
                    .send(
                            HttpRequest.newBuilder(URI.create(
                                            server.http().replace("http:", "https:") + "/v1/chat/completions"))
                                    .header("content-type", "application/json")
                                    .POST(BodyPublishers.ofString("{\"model\":\"mine\"}"))
                                    .build(),
                            BodyHandlers.ofString());
            assertThat(answer.body()).isEqualTo(ANSWER);
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);

            initTls("tls", "--renew");
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> server.program().log().contains("certificates are read again"));
            assertThat(list(server, tls, true)).startsWith("0 ").endsWith("mine\n");
            assertThat(agent.program().log()).doesNotContain("not attached");

            server.program().terminate();
            assertThat(server.program().exitCode()).isZero();
        }
    }

    @Test
    void anAgentUsesTheCertificatesThatAreThereWhenItConnectsAnew() throws Exception {
        Path first = initTls("first");
        Path second = initTls("second");
        Path used = Files.createDirectories(directory.resolve("used"));
        for (String file : List.of("ca.crt", "client.crt", "client.key", "server.crt", "server.key")) {
            Files.copy(first.resolve(file), used.resolve(file));
        }
        try (ServerProcess server = ServerProcess.start(
                        directory,
                        "tls.cert=" + used.resolve("server.crt"),
                        "tls.key=" + used.resolve("server.key"),
                        "tls.clientCa=" + second.resolve("ca.crt"));
                FakeBackend backend = backend();
                AgentProcess agent = AgentProcess.start(
                        directory, "ana", server.address() + agentTls(used), backend.llm("mine", 4))) {
            await().alias("its certificate is of another authority")
                    .atMost(ServerProcess.PATIENCE)
                    .until(() -> agent.program().log().contains("not attached"));
            assertThat(list(server, used, false)).startsWith("3 ");

            for (String file : List.of("client.crt", "client.key")) {
                Files.copy(second.resolve(file), used.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> agent.program().log().contains("registered server="));
            assertThat(list(server, used, true)).startsWith("0 ").endsWith("mine\n");
        }
    }
}
