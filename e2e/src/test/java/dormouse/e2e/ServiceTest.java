package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs as a service sees them: what they tell systemd, and their exit codes (docs/systemd.md). */
@Tag("slow")
class ServiceTest {
    /** Prints what comes to a socket of the Unix domain, a datagram a line. */
    private static final String LISTENER = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            name = sys.argv[1]
            s.bind("\\0" + name[1:] if name[0] == "@" else name)
            print("listening", flush=True)
            while True:
                print(s.recv(4096).decode().replace("\\n", " "), flush=True)
            """;

    @TempDir
    Path directory;

    private final List<Program> programs = new ArrayList<>();

    @AfterEach
    void close() {
        programs.forEach(Program::close);
    }

    private Program start(String name, List<String> command) {
        Program program = Program.start(name, directory, command);
        programs.add(program);
        return program;
    }

    private Program listener(String socket) {
        Program listener = start("listener", List.of("python3", "-c", LISTENER, socket));
        await().atMost(ServerProcess.PATIENCE).until(() -> listener.log().contains("listening"));
        return listener;
    }

    private static List<String> told(String socket, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("env", "NOTIFY_SOCKET=" + socket));
        whole.addAll(command);
        return whole;
    }

    private List<String> server(String... sets) {
        List<String> command = Program.java("server", "--set", "grpc.address=127.0.0.1:0");
        command.addAll(List.of("--set", "http.address=127.0.0.1:0", "--set", "database.url=jdbc:h2:mem:service"));
        for (String set : sets) {
            command.addAll(List.of("--set", set));
        }
        return command;
    }

    private List<String> agent(String... sets) {
        List<String> command = Program.java("agent");
        command.addAll(List.of("--set", "stateDir=" + directory.resolve("state"), "--set", "discover=false"));
        for (String set : sets) {
            command.addAll(List.of("--set", set));
        }
        return command;
    }

    @Test
    void systemdHearsWhenTheyAreReadyAndWhenTheyEnd() throws Exception {
        boolean python = Files.isExecutable(Path.of("/usr/bin/python3"));
        if (!python) {
            System.out.println("skipped: there is no /usr/bin/python3 to listen to what systemd is told");
        }
        assumeTrue(python);
        String socket = directory.resolve("notify").toString();
        Program heard = listener(socket);
        String noFile = "@dormouse-test-" + ProcessHandle.current().pid();
        Program abstracted = listener(noFile);
        Program server = start("server", told(socket, server()));
        Program agent = start("agent", told(noFile, agent("server=127.0.0.1:1")));

        await().atMost(ServerProcess.PATIENCE)
                .until(() -> heard.log().contains("READY=1 STATUS=serving grpc=127.0.0.1:"));
        await().alias("though its server is not there")
                .atMost(ServerProcess.PATIENCE)
                .until(() -> abstracted.log().contains("READY=1 STATUS=publishing to 127.0.0.1:1"));
        assertThat(heard.log() + abstracted.log()).doesNotContain("STOPPING");
        server.terminate();
        agent.terminate();
        assertThat(server.exitCode()).isZero();
        assertThat(agent.exitCode()).isZero();
        await().atMost(ServerProcess.PATIENCE).until(() -> heard.log().contains("STOPPING=1"));
        await().atMost(ServerProcess.PATIENCE).until(() -> abstracted.log().contains("STOPPING=1"));
    }

    /** What is started, the code that it ends with, and what it says. */
    private record Case(Program program, int code, String says) {}

    @Test
    void whatCantStartSaysWhyInOneLineAndByItsExitCode() throws Exception {
        Path nonsense = Files.writeString(directory.resolve("nonsense.pem"), "hello");
        Path taken = Files.createDirectories(directory.resolve("tls"));
        Files.writeString(taken.resolve("ca.crt"), "mine");
        try (ServerSocket port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + port.getLocalPort();
            List<Case> cases = List.of(
                    new Case(start("server", server("gprc.address=x")), 2, "unknown key"),
                    new Case(
                            start("server", server("grpc.address=0.0.0.0:0")),
                            2,
                            "grpc.address: \"0.0.0.0:0\" is beyond loopback"),
                    new Case(
                            start("server", server("tls.cert=" + nonsense, "tls.key=" + nonsense)),
                            2,
                            "tls.cert: \"" + nonsense + "\" holds no certificate"),
                    new Case(
                            start("server", server("grpc.address=" + address)),
                            1,
                            "grpc.address " + address + " can't be had"),
                    new Case(
                            start("server", server("http.address=" + address)),
                            1,
                            "http.address " + address + " can't be had"),
                    new Case(
                            start("init-tls", Program.java("server", "init-tls", taken.toString())),
                            1,
                            "ca.crt is there already"),
                    new Case(start("agent", agent("server=192.0.2.1:7700")), 2, "set tls: true"),
                    new Case(
                            start("agent", agent("tls={ca: " + nonsense + "}")),
                            2,
                            "tls.ca: \"" + nonsense + "\" holds no certificate"));
            for (Case each : cases) {
                assertThat(each.program().exitCode()).as(each.program().log()).isEqualTo(each.code());
                assertThat(each.program().log().lines().filter(line -> line.contains(each.says())))
                        .as(each.program().log())
                        .hasSize(1);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        assertThat(taken.resolve("ca.crt")).hasContent("mine");
    }
}
