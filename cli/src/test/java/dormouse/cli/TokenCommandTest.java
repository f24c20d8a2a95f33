package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dormouse.contract.Problems;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.ListTokensResponse;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.RevokeTokenResponse;
import dormouse.v1.Role;
import dormouse.v1.Token;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenCommandTest {
    private static final String SECRET = "dmt_" + "s".repeat(43);

    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.createToken = answers(CreateTokenResponse.newBuilder()
                .setSecret(SECRET)
                .setToken(Token.newBuilder().setId("tok-1").setName("ana").setRole(Role.ROLE_CLIENT))
                .build());
        server.tokens = answers(ListTokensResponse.newBuilder()
                .addTokens(Token.newBuilder()
                        .setId("admin-1")
                        .setName("first admin")
                        .setRole(Role.ROLE_ADMIN)
                        .setCreateTime(Samples.time("2026-11-22T09:00:00Z"))
                        .setLastUseTime(Samples.time("2026-11-22T09:59:50Z")))
                .addTokens(Token.newBuilder()
                        .setId("tok-1")
                        .setName("ana")
                        .setRole(Role.ROLE_AGENT)
                        .addLlmPatterns("team-a/*")
                        .addLlmPatterns("x")
                        .setExpireTime(Samples.time("2026-11-22T09:59:00Z")))
                .addTokens(Token.newBuilder().setId("tok-2").setRevoked(true).setRole(Role.ROLE_CLIENT))
                .build());
        server.revokeToken = answers(RevokeTokenResponse.getDefaultInstance());
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_list_of_several_pages_is_shown_whole() {
        server.tokens = (request, observer) -> {
            boolean first = request.getPageToken().isEmpty();
            observer.onNext(ListTokensResponse.newBuilder()
                    .addTokens(Token.newBuilder().setId(first ? "tok-1" : "tok-2"))
                    .setNextPageToken(first ? "more" : "")
                    .build());
            observer.onCompleted();
        };
        assertThat(cli.run("token", "list", "-o", "name")).isZero();
        assertThat(cli.out()).isEqualTo("tok-1\ntok-2\n");
    }

    @Test
    void create_prints_the_secret_alone_on_standard_output() {
        assertThat(cli.run("token", "create", "ana", "--use", "qwen*,team-a/*", "--use", "x", "--expires", "90d"))
                .isZero();
        assertThat(cli.out()).isEqualTo(SECRET + "\n");
        assertThat(cli.err()).contains("created tok-1").doesNotContain(SECRET);
        CreateTokenRequest asked = server.only(CreateTokenRequest.class);
        assertThat(asked.getName()).isEqualTo("ana");
        assertThat(asked.getRole()).isEqualTo(Role.ROLE_CLIENT);
        assertThat(asked.getLlmPatternsList()).containsExactly("qwen*", "team-a/*", "x");
        assertThat(asked.getTtl())
                .isEqualTo(Duration.newBuilder().setSeconds(90 * 86_400).build());
    }

    @Test
    void what_is_to_be_published_makes_it_an_agents() {
        assertThat(cli.run("token", "create", "--label", "desk", "--publish", "*", "-o", "json"))
                .isZero();
        assertThat(cli.out())
                .startsWith("{\n  \"id\": \"tok-1\",\n  \"secret\": \"" + SECRET + "\",\n  \"name\": \"ana\"");
        CreateTokenRequest asked = server.only(CreateTokenRequest.class);
        assertThat(asked.getRole()).isEqualTo(Role.ROLE_AGENT);
        assertThat(asked.getLlmPatternsList()).containsExactly("*");
        assertThat(asked.hasTtl()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "token create, a label is needed",
        "token create a --label b, either LABEL or --label",
        "token create a --use x --publish y, make one for each",
        "token create a --role agent --use x, --use is for a client",
        "token create a --role admin --publish x, --publish is for an agent",
        "token create a --role root, --role",
        "token create a --expires soon, is not a time from now on",
        "token create a -o name, the secret would be shown to nobody",
        "token revoke, Missing required parameter",
        "token revoke dmt_abc, not its id",
        "token, 'create, list or revoke'"
    })
    void what_makes_no_sense_is_wrong_usage_and_asks_no_server(String line, String said) {
        assertThat(cli.run(line.split(" "))).isEqualTo(2);
        assertThat(cli.err()).contains(said);
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void list_shows_all_but_the_secrets() {
        assertThat(cli.run("token", "list")).isZero();
        assertThat(cli.out()).isEqualTo("""
                        ID       ROLE    NAMES       STATE    USED  AGE  LABEL
                        admin-1  ADMIN   all         good     10s   60m  first admin
                        tok-1    AGENT   team-a/*,x  expired  -     -    ana
                        tok-2    CLIENT  all         revoked  -     -    -
                        """);
        CommandRun names = new CommandRun(home).server(server);
        assertThat(names.run("token", "ls", "-o", "name")).isZero();
        assertThat(names.out()).isEqualTo("admin-1\ntok-1\ntok-2\n");
        CommandRun yaml = new CommandRun(home).server(server);
        assertThat(yaml.run("token", "list", "-o", "yaml")).isZero();
        assertThat(yaml.out()).contains("role: AGENT", "llmPatterns: []").doesNotContain("secret");
    }

    @Test
    void an_id_that_there_is_not_is_named_and_the_others_are_revoked() {
        server.revokeToken = (request, observer) -> {
            if (request.getId().startsWith("no")) {
                observer.onError(Problems.exception(
                        Problems.status(Status.Code.INVALID_ARGUMENT, "MALFORMED", "id: no such token")));
            } else {
                observer.onNext(RevokeTokenResponse.getDefaultInstance());
                observer.onCompleted();
            }
        };
        assertThat(cli.run("token", "revoke", "nosuch1", "tok-1", "nosuch2")).isEqualTo(1);
        assertThat(cli.err()).contains("revoked tok-1\n").contains("no such token: nosuch1, nosuch2;");
    }

    @Test
    void revoke_ends_each_that_is_named() {
        assertThat(cli.run("token", "revoke", "tok-1", "tok-2")).isZero();
        assertThat(cli.err()).isEqualTo("revoked tok-1\nrevoked tok-2\n");
        assertThat(server.requests.stream()
                        .filter(RevokeTokenRequest.class::isInstance)
                        .map(request -> ((RevokeTokenRequest) request).getId()))
                .containsExactly("tok-1", "tok-2");
    }
}
