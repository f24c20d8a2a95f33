package dormouse.cli;

import static dormouse.cli.FakeServer.fails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.contract.Problems;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmEvent.Type;
import dormouse.v1.LlmStatus;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
    private static final LlmEvent QWEN =
            Samples.event(Type.TYPE_SNAPSHOT, 0, Samples.named("qwen3", LlmStatus.LLM_STATUS_HIBERNATING));
    private static final LlmEvent TINY =
            Samples.event(Type.TYPE_SNAPSHOT, 0, Samples.named("tiny", LlmStatus.LLM_STATUS_ACTIVE));
    private static final LlmEvent WOKE =
            Samples.event(Type.TYPE_WOKE, 12, Samples.named("qwen3", LlmStatus.LLM_STATUS_ACTIVE)).toBuilder()
                    .setDetail("in 3 s")
                    .build();

    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;
    private CompletableFuture<Integer> running = new CompletableFuture<>();

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void watch(String... options) {
        String[] args = new String[options.length + 2];
        args[0] = "list";
        args[1] = "--watch";
        System.arraycopy(options, 0, args, 2, options.length);
        running = CompletableFuture.supplyAsync(() -> cli.run(args));
    }

    /** The stream stays open after these. */
    private void sends(LlmEvent... events) {
        server.watches.add((request, observer) -> List.of(events).forEach(observer::onNext));
    }

    private void sendsAndBreaks(Throwable how, LlmEvent... events) {
        server.watches.add((request, observer) -> {
            List.of(events).forEach(observer::onNext);
            observer.onError(how);
        });
    }

    private void endsInterrupted() throws Exception {
        cli.interrupt();
        assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo(130);
    }

    private List<Long> asked() {
        return server.requests.stream()
                .map(request -> ((WatchLlmsRequest) request).getAfterRevision())
                .toList();
    }

    @Test
    void a_program_gets_one_line_for_each_change() throws Exception {
        sends(
                QWEN,
                TINY,
                Samples.mark(Type.TYPE_SNAPSHOT_END, 11),
                WOKE,
                Samples.mark(Type.TYPE_BOOKMARK, 14),
                Samples.event(Type.TYPE_LOAD, 14, Samples.named("tiny", LlmStatus.LLM_STATUS_ACTIVE)));
        watch();

        String expected = """
                2026-11-22T09:59:00Z      SNAPSHOT      HIBERNATING  qwen3
                2026-11-22T09:59:00Z      SNAPSHOT      ACTIVE       tiny
                2026-11-22T09:59:00Z      WOKE          ACTIVE       qwen3  in 3 s
                """;
        await().until(() -> cli.out().equals(expected));
        endsInterrupted();
        assertThat(cli.out()).isEqualTo(expected);
    }

    @Test
    void json_is_one_object_a_line() throws Exception {
        sends(QWEN, Samples.mark(Type.TYPE_SNAPSHOT_END, 11), WOKE);
        watch("-o", "json");

        await().until(() -> cli.out().lines().count() == 3);
        endsInterrupted();
        assertThat(cli.out().lines())
                .allMatch(line -> line.startsWith("{\"revision\":") && line.endsWith("}"))
                .anyMatch(line -> line.equals(
                        "{\"revision\":11,\"type\":\"SNAPSHOT_END\",\"time\":null,\"detail\":null,\"llm\":null}"))
                .anyMatch(line -> line.startsWith("{\"revision\":12,\"type\":\"WOKE\","
                        + "\"time\":\"2026-11-22T09:59:00Z\",\"detail\":\"in 3 s\",\"llm\":{\"name\":\"qwen3\","));
    }

    @Test
    void names_and_yaml_documents_come_one_for_each_change_too() throws Exception {
        sends(QWEN, Samples.mark(Type.TYPE_SNAPSHOT_END, 11), WOKE);
        watch("-o", "name");
        await().until(() -> cli.out().equals("qwen3\nqwen3\n"));
        endsInterrupted();

        cli = new CommandRun(home).server(server);
        sends(QWEN);
        watch("-o", "yaml");
        await().until(() -> cli.out().startsWith("---\nrevision: 0\ntype: SNAPSHOT\n"));
        endsInterrupted();
    }

    @Test
    void a_filter_shows_what_begins_and_what_ceases_to_match() throws Exception {
        LlmEvent slept = Samples.event(Type.TYPE_SLEPT, 13, Samples.named("qwen3", LlmStatus.LLM_STATUS_HIBERNATING));
        LlmEvent away = Samples.event(Type.TYPE_DEACTIVATED, 14, Samples.named("qwen3", LlmStatus.LLM_STATUS_INACTIVE));
        sends(QWEN, TINY, Samples.mark(Type.TYPE_SNAPSHOT_END, 11), WOKE, slept, away);
        watch("--status", "active", "-o", "json");

        await().until(() -> cli.out().contains("SLEPT"));
        endsInterrupted();
        assertThat(cli.out().lines().map(line -> line.replaceAll(".*\"type\":\"(\\w+)\".*", "$1")))
                .containsExactly("SNAPSHOT", "SNAPSHOT_END", "WOKE", "SLEPT");
    }

    @Test
    void a_lost_connection_is_taken_up_after_the_last_revision() throws Exception {
        Throwable lost = Status.UNAVAILABLE.withDescription("gone").asRuntimeException();
        sendsAndBreaks(
                lost, QWEN, Samples.mark(Type.TYPE_SNAPSHOT_END, 11), WOKE, Samples.mark(Type.TYPE_BOOKMARK, 15));
        server.watches.add(fails(lost));
        server.watches.add((request, observer) -> observer.onCompleted());
        sends(Samples.event(Type.TYPE_SLEPT, 16, Samples.named("qwen3", LlmStatus.LLM_STATUS_HIBERNATING)));
        watch("-o", "name");

        await().until(() -> cli.out().equals("qwen3\nqwen3\nqwen3\n"));
        assertThat(asked()).containsExactly(0L, 15L, 15L, 15L);
        assertThat(cli.pauses).hasSize(3).isSorted();
        assertThat(cli.err()).isEqualTo("dormouse: the watch of " + server.address() + " broke off; trying again.\n");
        endsInterrupted();
    }

    @Test
    void a_connection_lost_before_the_whole_present_state_came_starts_anew() throws Exception {
        sendsAndBreaks(Status.UNAVAILABLE.asRuntimeException(), QWEN);
        sends(QWEN, TINY, Samples.mark(Type.TYPE_SNAPSHOT_END, 11));
        watch("-o", "name");

        await().until(() -> cli.out().equals("qwen3\nqwen3\ntiny\n"));
        assertThat(asked()).containsExactly(0L, 0L);
        endsInterrupted();
    }

    @Test
    void a_revision_that_the_server_has_forgotten_is_followed_by_the_present_state() throws Exception {
        sendsAndBreaks(Status.UNAVAILABLE.asRuntimeException(), QWEN, Samples.mark(Type.TYPE_SNAPSHOT_END, 11));
        server.watches.add(fails(Problems.exception(
                Problems.status(Code.OUT_OF_RANGE, "REVISION_COMPACTED", "revision 11 is no longer known"))));
        sends(TINY, Samples.mark(Type.TYPE_SNAPSHOT_END, 900));
        watch("-o", "name");

        await().until(() -> cli.out().equals("qwen3\ntiny\n"));
        assertThat(asked()).containsExactly(0L, 11L, 0L);
        endsInterrupted();
    }

    @Test
    void a_refusal_ends_it() throws Exception {
        sendsAndBreaks(Status.UNAVAILABLE.asRuntimeException(), QWEN);
        server.watches.add(fails(
                Problems.exception(Problems.status(Code.UNAUTHENTICATED, "UNAUTHENTICATED", "the token is revoked"))));
        watch();

        assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(cli.err()).contains("the token is revoked (UNAUTHENTICATED).");
    }

    @Test
    void a_server_that_never_was_there_is_unreachable() throws Exception {
        server.close();
        watch();

        assertThat(running.get(20, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(cli.pauses).isEmpty();
    }

    @Test
    void a_terminal_sees_the_table_redrawn_in_place() throws Exception {
        sends(
                QWEN,
                TINY,
                Samples.mark(Type.TYPE_SNAPSHOT_END, 11),
                Samples.event(Type.TYPE_DELETED, 12, Samples.named("tiny", LlmStatus.LLM_STATUS_INACTIVE)),
                WOKE);
        cli.terminal("012");
        watch();

        await().until(() -> {
            cli.now = cli.now.plusSeconds(1);
            return cli.out().contains("qwen3  VIRTUAL  " + Ansi.GREEN);
        });
        endsInterrupted();
        assertThat(cli.out()).startsWith("\r\r\u001b[2KNAME").contains("HIBERNATING", "\u001b[3A");
        assertThat(cli.out().substring(cli.out().lastIndexOf("NAME")))
                .contains("qwen3  VIRTUAL  " + Ansi.GREEN + "ACTIVE" + Ansi.RESET)
                .doesNotContain("tiny");
    }

    @Test
    void a_table_larger_than_the_terminal_is_cut() throws Exception {
        server.watches.add((request, observer) -> {
            for (int i = 10; i < 60; i++) {
                observer.onNext(
                        Samples.event(Type.TYPE_SNAPSHOT, 0, Samples.named("llm-" + i, LlmStatus.LLM_STATUS_ACTIVE)));
            }
            observer.onNext(Samples.mark(Type.TYPE_SNAPSHOT_END, 11));
        });
        cli.terminal = Terminal.of("12", "10 40", cli.env);
        watch();

        await().until(() -> cli.out().contains("more"));
        endsInterrupted();
        assertThat(cli.out()).contains("llm-16", "… and 43 more\n").doesNotContain("llm-17");
        assertThat(cli.out().lines().map(line -> line.replaceAll("\u001b\\[[0-9;]*[A-Za-z]|\r", "")))
                .allMatch(line -> line.length() < 40);
    }
}
