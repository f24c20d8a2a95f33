package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.ListLlmsResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    private static final List<String> COMMANDS = List.of(
            "list",
            "get",
            "describe",
            "run",
            "wake",
            "sleep",
            "create",
            "delete",
            "agents",
            "usage",
            "token",
            "demo",
            "server",
            "agent",
            "completion");

    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.list =
                answers(ListLlmsResponse.newBuilder().addLlms(Samples.bare()).build());
        cli = new CommandRun(home);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void options_are_accepted_before_and_after_the_command() {
        assertThat(cli.run("--server", server.address(), "--token=t1", "list", "-o", "name"))
                .isZero();
        assertThat(cli.run("list", "-o", "name", "--token", "t2", "--server=" + server.address()))
                .isZero();
        assertThat(cli.run("--server=" + server.address(), "list", "--token", "t3", "-oname"))
                .isZero();

        assertThat(cli.out()).isEqualTo("tiny\ntiny\ntiny\n");
        assertThat(server.authorizations).containsExactly("Bearer t1", "Bearer t2", "Bearer t3");
    }

    @Test
    void without_a_token_none_is_sent() {
        cli.run("list", "--server", server.address());

        assertThat(server.authorizations).containsExactly("");
    }

    @Test
    void help_names_every_command_and_goes_to_standard_output() {
        assertThat(cli.run("--help")).isZero();

        assertThat(cli.out()).contains(COMMANDS).contains("list, ls", "Exit codes:");
        assertThat(cli.err()).isEmpty();
    }

    @Test
    void every_command_has_help_that_names_the_shared_options() {
        for (String command : COMMANDS) {
            CommandRun help = new CommandRun(home);
            assertThat(help.run(command, "--help")).isZero();
            assertThat(help.out()).contains("dormouse " + command, "--server=HOST:PORT", "--token=TOKEN");
        }
        assertThat(cli.run("help", "run")).isZero();
        assertThat(cli.out()).contains("dormouse run", "PROMPT");
    }

    @Test
    void the_version_is_told() {
        assertThat(cli.run("--version")).isZero();
        assertThat(cli.out()).matches("dormouse \\S+ \\(Java .+\\)\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "lst",
                "list --what",
                "list extra",
                "list -o xml",
                "get",
                "describe",
                "describe x --history -1",
                "wake",
                "sleep",
                "run",
                "run qwen3",
                "run qwen3 hi --max-tokens many",
                "completion",
                "completion tcsh",
                "list --server",
                "list --server a:b:c",
                "list --server gpu.example:7700",
                "usage --by llm,colour",
                "usage --since yesterday",
                "usage --until 2026-13-01",
                "usage --since 2026-11-20T08:30",
                "usage --since 1d --until 2d",
                "usage --since 0s",
                "usage -o name",
                "server --config x",
                "demo"
            })
    void wrong_usage_is_exit_code_2_and_one_line(String line) {
        cli.env.put("DORMOUSE_SERVER", server.address());

        assertThat(cli.run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(2);

        assertThat(cli.out()).isEmpty();
        assertThat(cli.err()).startsWith("dormouse: ").hasLineCount(1);
        assertThat(server.requests).isEmpty();
    }

    @Test
    void a_program_of_its_own_says_how_it_is_started() {
        assertThat(cli.run("server", "--set", "a.b=c")).isEqualTo(2);
        assertThat(cli.err()).contains("./dormouse server", "dormouse-server.jar");
    }

    @Test
    void a_reader_that_has_gone_ends_the_command_silently() {
        cli.writeTo(broken("Broken pipe"));

        assertThat(cli.run("list", "--server", server.address())).isZero();
        assertThat(cli.err()).isEmpty();
    }

    @Test
    void a_full_disk_is_told() {
        cli.writeTo(broken("No space left on device"));

        assertThat(cli.run("list", "--server", server.address())).isEqualTo(1);
        assertThat(cli.err()).isEqualTo("dormouse: the output cannot be written: No space left on device.\n");
        assertThat(cli.run("--help")).isEqualTo(1);
    }

    @Test
    void a_token_that_could_not_travel_is_refused_without_being_shown() {
        assertThat(cli.run("list", "--server", server.address(), "--token", "süß geheim"))
                .isEqualTo(2);
        assertThat(cli.err()).contains("token").doesNotContain("geheim");
    }

    @Test
    void completion_knows_the_commands_and_their_options() {
        for (String shell : List.of("bash", "zsh", "FISH")) {
            CommandRun completion = new CommandRun(home);
            assertThat(completion.run("completion", shell)).isZero();
            assertThat(completion.out()).contains(COMMANDS).contains("watch", "HIBERNATING", "max-tokens");
        }
    }

    private static OutputStream broken(String message) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(message);
            }
        };
    }
}
