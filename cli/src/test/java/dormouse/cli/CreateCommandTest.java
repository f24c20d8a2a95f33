package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static dormouse.cli.FakeServer.fails;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.DeleteLlmResponse;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code dormouse create} and {@code delete}. */
class CreateCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.create = answers(Samples.named("gpt", LlmStatus.LLM_STATUS_ACTIVE));
        server.delete = answers(DeleteLlmResponse.getDefaultInstance());
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void what_is_said_is_sent_and_what_is_not_said_is_the_servers_to_fill_in() {
        assertThat(cli.run("create", "gpt", "--url", "https://api.example.com/v1"))
                .isZero();

        assertThat(server.only(CreateLlmRequest.class))
                .isEqualTo(CreateLlmRequest.newBuilder()
                        .setSpec(LlmSpec.newBuilder().setName("gpt"))
                        .setUrl("https://api.example.com/v1")
                        .build());
        assertThat(cli.err()).isEqualTo("created gpt\n");
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void everything_can_be_said() {
        String line = "create gpt --url http://h/v1 --model m --key-env DORMOUSE_KEY_A --type LLAMA.CPP --pool p"
                + " --concurrency 9 --label tier=paid --label note=a=b";
        assertThat(cli.run(line.split(" "))).as(cli.err()).isZero();

        CreateLlmRequest sent = server.only(CreateLlmRequest.class);
        assertThat(sent.getSpec())
                .isEqualTo(LlmSpec.newBuilder()
                        .setName("gpt")
                        .setModel("m")
                        .setType("llama.cpp")
                        .setPool("p")
                        .setConcurrency(9)
                        .putAllLabels(Map.of("tier", "paid", "note", "a=b"))
                        .build());
        assertThat(sent.getKeyEnv()).isEqualTo("DORMOUSE_KEY_A");
        assertThat(sent.getKeyFile()).isEmpty();
    }

    @Test
    void a_key_can_be_in_a_file_of_the_server() {
        assertThat(cli.run("create", "gpt", "--url", "http://h", "--key-file", "/run/keys/gpt"))
                .isZero();
        assertThat(server.only(CreateLlmRequest.class).getKeyFile()).isEqualTo("/run/keys/gpt");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create",
                "create gpt",
                "create --url http://h",
                "create gpt other --url http://h",
                "create gpt --url http://h --key-env DORMOUSE_KEY_A --key-file /a",
                "create gpt --url http://h --key-env sk-secret",
                "create gpt --url http://h --key-file sk-secret",
                "create gpt --url http://h --concurrency 0",
                "create gpt --url http://h --concurrency many",
                "create gpt --url http://h --type gguf",
                "create gpt --url http://h --label tier",
                "create gpt --url http://h --what",
                "delete",
                "delete gpt other",
                "delete gpt --what"
            })
    void wrong_usage_is_exit_code_2_and_one_line_that_shows_no_key(String line) {
        assertThat(cli.run(line.split(" "))).isEqualTo(2);

        assertThat(cli.out()).isEmpty();
        assertThat(cli.err()).startsWith("dormouse: ").hasLineCount(1).doesNotContain("secret");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void a_deletion_says_what_is_gone() {
        assertThat(cli.run("delete", "gpt")).isZero();
        assertThat(server.only(DeleteLlmRequest.class).getName()).isEqualTo("gpt");
        assertThat(cli.err()).isEqualTo("deleted gpt\n");
    }

    @Test
    void a_refusal_is_told_with_its_reason() {
        server.create = fails(
                Problems.exception(Problems.status(Status.Code.ALREADY_EXISTS, "NAME_EXISTS", "gpt is there already")));
        server.delete = fails(
                Problems.exception(Problems.status(Status.Code.PERMISSION_DENIED, "FORBIDDEN", "gpt is VIRTUAL")));

        assertThat(cli.run("create", "gpt", "--url", "http://h")).isEqualTo(1);
        assertThat(cli.run("delete", "gpt")).isEqualTo(1);

        assertThat(cli.err()).contains("gpt is there already", "NAME_EXISTS", "gpt is VIRTUAL", "FORBIDDEN");
    }
}
