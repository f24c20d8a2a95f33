package dormouse.server.store;

import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dormouse.server.InferProbe;
import dormouse.server.RealServer;
import dormouse.server.ScriptedAgent;
import dormouse.v1.ServerMessage;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Failure list 22: the processes of a PostgreSQL are stopped for 20 s (SIGSTOP), which takes connections and says nothing.
 * Infers and heartbeats go on all the while; what wanted to register is made up for, without a restart and without a gap.
 */
@Tag("slow")
class DatabaseStoppedTest {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Duration STOPPED = Duration.ofSeconds(20);

    private static EmbeddedPostgres postgres() {
        try {
            return EmbeddedPostgres.builder().start();
        } catch (IOException e) {
            System.out.println("skipped: no PostgreSQL runs on this machine: " + e);
            return abort("no PostgreSQL runs on this machine: " + e);
        }
    }

    private static List<ProcessHandle> processes(EmbeddedPostgres postgres) throws Exception {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                ResultSet row = connection.createStatement().executeQuery("SELECT pg_backend_pid()")) {
            row.next();
            ProcessHandle master =
                    ProcessHandle.of(row.getLong(1)).orElseThrow().parent().orElseThrow();
            List<ProcessHandle> all = new ArrayList<>(List.of(master));
            master.descendants().forEach(all::add);
            return all;
        }
    }

    private static void signal(String name, List<ProcessHandle> processes) throws Exception {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        processes.stream().filter(ProcessHandle::isAlive).forEach(each -> command.add(Long.toString(each.pid())));
        new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    private static List<Long> revisions(EmbeddedPostgres postgres) throws Exception {
        List<Long> revisions = new ArrayList<>();
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                ResultSet rows = connection
                        .createStatement()
                        .executeQuery("SELECT event_revision FROM llm_event ORDER BY event_revision")) {
            while (rows.next()) {
                revisions.add(rows.getLong(1));
            }
        }
        return revisions;
    }

    @Test
    void tokensFlowWhileItSaysNothing() throws Exception {
        try (EmbeddedPostgres postgres = postgres();
                RealServer server = RealServer.start(
                        "database.url=jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
                        "database.user=postgres",
                        "lifecycle.sweepInterval=1s")) {
            ScriptedAgent ana = server.agent("ana");
            ana.onInfer(task -> ana.answer(task, "here"));
            ana.ask(awake("a"));
            await().atMost(SOON).until(() -> ana.heard().stream().anyMatch(ServerMessage::hasRegistered));
            List<ProcessHandle> stopped = processes(postgres);
            signal("STOP", stopped);
            long since = System.nanoTime();
            int answered = 0;
            try {
                ScriptedAgent newcomer = server.agent("newcomer");
                newcomer.ask(awake("c"));
                while (System.nanoTime() - since < STOPPED.toNanos()) {
                    InferProbe infer = server.infer("a", "chat/completions");
                    await().atMost(Duration.ofSeconds(10)).until(infer::over);
                    assertThat(infer.text()).isEqualTo("here");
                    ana.heartbeat();
                    answered++;
                }
                await().atMost(SOON).until(() -> ana.acks() > 0);
                assertThat(ana.open()).isTrue();
                // It may have been refused by now, or still wait; both are well, silence for good would not be.
                signal("CONT", stopped);
                await().atMost(SOON)
                        .until(() ->
                                !newcomer.open() || newcomer.heard().stream().anyMatch(ServerMessage::hasRegistered));
                if (!newcomer.open()) {
                    assertThat(newcomer.endedWith()).isEqualTo("STORE_UNAVAILABLE");
                    assertThat(newcomer.retryAfter()).isNotNull();
                }
            } finally {
                signal("CONT", stopped);
            }
            ScriptedAgent later = server.agent("later");
            int[] asked = {0}; // a stream registers once, and waits
            await().atMost(SOON).pollInterval(Duration.ofSeconds(1)).until(() -> {
                if (!later.open()) {
                    later.connect(dormouse.v1.AgentServiceGrpc.newStub(server.channel()));
                    asked[0] = 0;
                }
                if (later.heard().isEmpty() && asked[0]++ == 0) {
                    later.ask(awake("d"));
                }
                return later.heard().stream().anyMatch(ServerMessage::hasRegistered);
            });
            List<Long> revisions = revisions(postgres);
            assertThat(revisions)
                    .as("no gap")
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, revisions.size()).boxed().toList());
            System.out.printf(
                    "PostgreSQL stopped for %d s: %,d infers answered meanwhile%n", STOPPED.toSeconds(), answered);
        }
    }
}
