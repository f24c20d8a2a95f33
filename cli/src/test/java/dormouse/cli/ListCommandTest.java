package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.list = answers(ListLlmsResponse.newBuilder()
                .addLlms(Samples.qwen())
                .addLlms(Samples.bare())
                .setRevision(41)
                .build());
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"list", "ls"})
    void a_table_has_the_promised_columns(String command) {
        assertThat(cli.run(command)).isZero();

        assertThat(cli.out()).isEqualTo("""
                        NAME      KIND     STATUS       POOL   MODEL     AGENT     TASKS  HEARTBEAT  AGE
                        qwen3-8b  VIRTUAL  HIBERNATING  qwen3  qwen3:8b  ana-desk  1/4    12s        3d
                        tiny      PUBLIC   ACTIVE       -      -         -         0/1    -          -
                        """);
        assertThat(cli.err()).isEmpty();
    }

    @Test
    void a_wide_table_adds_columns() {
        cli.run("list", "-o", "wide");

        assertThat(cli.out()).isEqualTo("""
                        NAME      KIND     STATUS       POOL   MODEL     AGENT     TASKS  HEARTBEAT  AGE  QUEUED  TYPE    WAKE  REPLICA  LABELS               REASON
                        qwen3-8b  VIRTUAL  HIBERNATING  qwen3  qwen3:8b  ana-desk  1/4    12s        3d   2       ollama  12s   r-1      at=Café,gpu=rtx4090  its backend sleeps
                        tiny      PUBLIC   ACTIVE       -      -         -         0/1    -          -    0       -       -     -        -                    -
                        """);
    }

    @Test
    void json_has_the_public_fields_in_order_and_null_for_what_is_absent() {
        cli.run("list", "-o", "json");

        assertThat(cli.out()).isEqualTo("""
                        {
                          "llms": [
                            {
                              "name": "qwen3-8b",
                              "kind": "VIRTUAL",
                              "type": "ollama",
                              "status": "HIBERNATING",
                              "statusReason": "its backend sleeps",
                              "model": "qwen3:8b",
                              "pool": "qwen3",
                              "agent": "ana-desk",
                              "sessionId": "s-1",
                              "replica": "r-1",
                              "concurrency": 4,
                              "activeTasks": 1,
                              "queuedTasks": 2,
                              "wakeable": true,
                              "sleepable": true,
                              "labels": {
                                "at": "Café",
                                "gpu": "rtx4090"
                              },
                              "createTime": "2026-11-19T10:00:00Z",
                              "updateTime": "2026-11-22T09:00:00.250Z",
                              "lastHeartbeatTime": "2026-11-22T09:59:48Z",
                              "inactiveSince": "2026-11-22T08:00:00Z",
                              "expectedWakeSeconds": 12.5,
                              "revision": 41
                            },
                            {
                              "name": "tiny",
                              "kind": "PUBLIC",
                              "type": null,
                              "status": "ACTIVE",
                              "statusReason": null,
                              "model": null,
                              "pool": null,
                              "agent": null,
                              "sessionId": null,
                              "replica": null,
                              "concurrency": 1,
                              "activeTasks": 0,
                              "queuedTasks": 0,
                              "wakeable": false,
                              "sleepable": false,
                              "labels": {},
                              "createTime": null,
                              "updateTime": null,
                              "lastHeartbeatTime": null,
                              "inactiveSince": null,
                              "expectedWakeSeconds": null,
                              "revision": 7
                            }
                          ],
                          "revision": 41
                        }
                        """);
    }

    @Test
    void yaml_says_the_same() {
        cli.run("list", "-o", "YAML");

        assertThat(cli.out())
                .startsWith("""
                        llms:
                          - name: qwen3-8b
                            kind: VIRTUAL
                            type: ollama
                            status: HIBERNATING
                        """)
                .contains("    labels:\n      at: Café\n      gpu: rtx4090\n", "    expectedWakeSeconds: 12.5\n")
                .contains("    pool: null\n")
                .endsWith("\nrevision: 41\n");
    }

    @Test
    void names_are_bare_one_a_line() {
        cli.run("list", "-o", "name");

        assertThat(cli.out()).isEqualTo("qwen3-8b\ntiny\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hibernating", "HIBERNATING", "Hibernating"})
    void filters_go_to_the_server_in_either_case(String status) {
        cli.run("list", "--status", status, "--kind=virtual", "--pool", "qwen3");

        ListLlmsRequest request = server.only(ListLlmsRequest.class);
        assertThat(request.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(request.getKind()).isEqualTo(LlmKind.LLM_KIND_VIRTUAL);
        assertThat(request.getPool()).isEqualTo("qwen3");
    }

    @Test
    void an_unknown_status_is_wrong_usage_and_names_the_known_ones() {
        assertThat(cli.run("list", "--status", "asleep")).isEqualTo(2);

        assertThat(cli.err())
                .contains("--status", "ACTIVE, HIBERNATING, WAKING, INACTIVE", "'asleep'")
                .hasLineCount(1);
        assertThat(server.requests).isEmpty();
    }

    @Test
    void all_pages_are_fetched_and_the_revision_is_the_first_one_s() {
        Llm second = Samples.named("zephyr", LlmStatus.LLM_STATUS_ACTIVE);
        server.list = (request, observer) -> {
            ListLlmsResponse.Builder page = ListLlmsResponse.newBuilder();
            if (request.getPageToken().isEmpty()) {
                page.addLlms(Samples.bare()).setNextPageToken("p2").setRevision(5);
            } else {
                page.addLlms(second).setRevision(6);
            }
            observer.onNext(page.build());
            observer.onCompleted();
        };

        cli.run("list", "-o", "json", "--kind", "public");

        assertThat(cli.out()).contains("\"tiny\"", "\"zephyr\"").endsWith("\"revision\": 5\n}\n");
        assertThat(server.requests)
                .extracting(request -> ((ListLlmsRequest) request).getPageToken())
                .containsExactly("", "p2");
        assertThat(server.requests)
                .extracting(request -> ((ListLlmsRequest) request).getKind())
                .containsOnly(LlmKind.LLM_KIND_PUBLIC);
    }

    @Test
    void an_empty_fleet_is_an_empty_list_and_a_word_beside_it() {
        server.list = answers(ListLlmsResponse.newBuilder().setRevision(1).build());

        assertThat(cli.run("list")).isZero();
        assertThat(cli.run("list", "-o", "name")).isZero();
        assertThat(cli.run("list", "-o", "json")).isZero();

        assertThat(cli.out())
                .startsWith("NAME  KIND  STATUS")
                .endsWith("AGE\n{\n  \"llms\": [],\n  \"revision\": 1\n}\n");
        assertThat(cli.err()).isEqualTo("No Llms.\n");
    }

    @Test
    void colour_is_for_a_terminal_alone_and_not_with_NO_COLOR() {
        cli.terminal("12").run("list");
        assertThat(cli.out()).contains("\u001b[34mHIBERNATING\u001b[0m  qwen3");

        CommandRun sober = new CommandRun(home).server(server);
        sober.env.put("NO_COLOR", "1");
        sober.terminal("12").run("list");
        assertThat(sober.out()).contains("HIBERNATING  qwen3").doesNotContain("\u001b");
    }

    @Test
    void what_a_publisher_says_cannot_move_the_cursor() {
        Llm rude = Samples.qwen().toBuilder()
                .setAgentName("a\u001b[2J\nb\u009b\u202ec")
                .build();
        server.list = answers(ListLlmsResponse.newBuilder().addLlms(rude).build());

        cli.run("list");
        assertThat(cli.out()).contains("a\\u001b[2J\\u000ab\\u009b\\u202ec").hasLineCount(2);

        CommandRun json = new CommandRun(home).server(server);
        json.run("list", "-o", "json");
        assertThat(json.out()).contains("\"a\\u001B[2J\\nb\\u009b\\u202ec\"");
    }

    @Test
    void a_status_of_a_newer_server_is_shown_as_unknown() {
        server.list = answers(ListLlmsResponse.newBuilder()
                .addLlms(Samples.bare().toBuilder().setStatusValue(99))
                .build());

        cli.run("list", "-o", "json");

        assertThat(cli.out()).contains("\"status\": \"UNKNOWN\"");
    }

    @Test
    void get_prints_the_one_object() {
        server.get = answers(Samples.qwen());

        assertThat(cli.run("get", "qwen3-8b", "-o", "json")).isZero();
        assertThat(cli.out()).startsWith("{\n  \"name\": \"qwen3-8b\",\n").endsWith("\"revision\": 41\n}\n");
        for (String format : List.of("table", "name", "yaml")) {
            assertThat(cli.run("get", "-o", format, "qwen3-8b")).isZero();
        }
        assertThat(cli.out())
                .contains("qwen3-8b  VIRTUAL  HIBERNATING")
                .contains("\nqwen3-8b\nname: qwen3-8b\n")
                .endsWith("revision: 41\n");
    }
}
