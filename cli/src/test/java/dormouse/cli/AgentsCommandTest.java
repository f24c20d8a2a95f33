package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Agent;
import dormouse.v1.ListAgentsResponse;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentsCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.agents = answers(ListAgentsResponse.newBuilder()
                .addAgents(Agent.newBuilder()
                        .setName("ana-desk")
                        .setSessionId("s-1")
                        .setVersion("0.1.0")
                        .setReplicaId("r-1")
                        .setEpoch(3)
                        .setConnected(true)
                        .setLlms(2)
                        .setActiveTasks(1)
                        .setConnectTime(Samples.time("2026-11-22T09:00:00Z"))
                        .setLastHeartbeatTime(Samples.time("2026-11-22T09:59:50Z")))
                .addAgents(Agent.newBuilder().setName("lab").setSessionId("s-2"))
                .build());
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_table_lists_them() {
        assertThat(cli.run("agents")).isZero();

        assertThat(cli.out()).isEqualTo("""
                        NAME      CONNECTED  LLMS  TASKS  HEARTBEAT  AGE  SESSION
                        ana-desk  yes        2     1      10s        60m  s-1
                        lab       no         0     0      -          -    s-2
                        """);
    }

    @Test
    void wide_names_and_json_say_more_or_less() {
        cli.run("agents", "-o", "wide");
        assertThat(cli.out()).contains("EPOCH  VERSION  PRINCIPAL  REPLICA\n", "s-1      3      0.1.0    -");

        CommandRun names = new CommandRun(home).server(server);
        names.run("agents", "-o", "name");
        assertThat(names.out()).isEqualTo("ana-desk\nlab\n");

        CommandRun json = new CommandRun(home).server(server);
        json.run("agents", "-o", "json");
        assertThat(json.out())
                .startsWith("{\n  \"agents\": [\n    {\n      \"name\": \"ana-desk\",\n      \"sessionId\": \"s-1\",\n")
                .contains("\"connected\": true", "\"principal\": null", "\"connectTime\": \"2026-11-22T09:00:00Z\"");
    }
}
