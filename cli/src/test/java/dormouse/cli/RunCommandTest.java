package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Duration;
import dormouse.contract.Problems;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.Finished;
import dormouse.v1.Phase;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.chat =
                answers(phase(Phase.Kind.KIND_DISPATCHED, 0), text("Once "), text("üpon"), text(" 🐭"), done("stop"));
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static ChatEvent text(String text) {
        return ChatEvent.newBuilder().setText(text).build();
    }

    private static ChatEvent done(String reason) {
        return ChatEvent.newBuilder()
                .setFinished(Finished.newBuilder().setFinishReason(reason))
                .build();
    }

    private static ChatEvent phase(Phase.Kind kind, long elapsedSeconds) {
        return ChatEvent.newBuilder()
                .setPhase(Phase.newBuilder()
                        .setKind(kind)
                        .setLlm("qwen3-8b")
                        .setPosition(3)
                        .setElapsed(Duration.newBuilder().setSeconds(elapsedSeconds))
                        .setExpected(Duration.newBuilder().setSeconds(40)))
                .build();
    }

    @Test
    void the_answer_goes_to_standard_output_and_nothing_else_does() {
        assertThat(cli.run(
                        "run", "qwen3", "tell", "me a störy 🐭", "--max-tokens", "8", "--temperature=0", "--seed", "5"))
                .isZero();

        assertThat(cli.out()).isEqualTo("Once üpon 🐭\n");
        assertThat(cli.err()).isEmpty();
        assertThat(server.only(ChatRequest.class))
                .isEqualTo(ChatRequest.newBuilder()
                        .setLlm("qwen3")
                        .addMessages(message("user", "tell me a störy 🐭"))
                        .setMaxTokens(8)
                        .setTemperature(0)
                        .setSeed(5)
                        .build());
    }

    @Test
    void a_dash_reads_the_prompt_from_standard_input() {
        assertThat(cli.input("Grüße,\nwie geht's?\n").run("run", "qwen3", "--system", "Be brief.", "-"))
                .isZero();

        assertThat(server.only(ChatRequest.class).getMessagesList())
                .containsExactly(message("system", "Be brief."), message("user", "Grüße,\nwie geht's?\n"));
    }

    @Test
    void a_prompt_that_looks_like_an_option_follows_two_dashes() {
        assertThat(cli.run("run", "qwen3", "--", "--help")).isZero();
        assertThat(server.only(ChatRequest.class).getMessages(0).getContent()).isEqualTo("--help");
    }

    @Test
    void each_piece_is_written_when_it_comes() throws Exception {
        CompletableFuture<StreamObserver<ChatEvent>> stream = new CompletableFuture<>();
        server.chat = (request, observer) -> stream.complete(observer);

        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> cli.run("run", "qwen3", "hi"));
        StreamObserver<ChatEvent> answer = stream.get(10, TimeUnit.SECONDS);
        answer.onNext(text("one"));
        await().until(() -> cli.out().equals("one"));
        answer.onNext(text(" two\n"));
        await().until(() -> cli.out().equals("one two\n"));
        answer.onCompleted();

        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(cli.out()).isEqualTo("one two\n");
    }

    @Test
    void an_answer_that_breaks_off_keeps_what_came_and_fails() {
        server.chat = (request, observer) -> {
            observer.onNext(text("half an ans"));
            observer.onError(
                    Problems.exception(Problems.status(Code.UNAVAILABLE, "AGENT_LOST", "the agent of qwen3 is lost")));
        };

        assertThat(cli.run("run", "qwen3", "hi")).isEqualTo(1);
        assertThat(cli.out()).isEqualTo("half an ans\n");
        assertThat(cli.err()).contains("(AGENT_LOST)").hasLineCount(1);
    }

    @Test
    void a_long_wait_says_what_it_waits_for_once_where_nothing_can_be_redrawn() throws Exception {
        CompletableFuture<StreamObserver<ChatEvent>> stream = new CompletableFuture<>();
        server.chat = (request, observer) -> {
            observer.onNext(phase(Phase.Kind.KIND_WAKING, 12));
            stream.complete(observer);
        };

        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> cli.run("run", "qwen3", "hi"));
        stream.get(10, TimeUnit.SECONDS);
        await().until(() -> {
            cli.now = cli.now.plusSeconds(1);
            return cli.err().contains("waking qwen3-8b");
        });
        stream.get().onNext(text("yes"));
        stream.get().onCompleted();

        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(cli.err()).containsOnlyOnce("waking").containsPattern("waking qwen3-8b … 1\\d s of about 40 s\n$");
        assertThat(cli.out()).isEqualTo("yes\n");
    }

    @Test
    void a_terminal_sees_one_line_that_is_redrawn_and_erased() throws Exception {
        CompletableFuture<StreamObserver<ChatEvent>> stream = new CompletableFuture<>();
        server.chat = (request, observer) -> stream.complete(observer);

        CompletableFuture<Integer> running =
                CompletableFuture.supplyAsync(() -> cli.terminal("2").run("run", "qwen3", "hi"));
        stream.get(10, TimeUnit.SECONDS).onNext(phase(Phase.Kind.KIND_QUEUED, 0));
        await().until(() -> {
            cli.now = cli.now.plusSeconds(1);
            return cli.err().split("queued for qwen3-8b, place 3 … \\d+ s of about 40 s").length > 2;
        });
        stream.get().onNext(text("yes"));
        stream.get().onCompleted();

        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(cli.err()).doesNotContain("\n").endsWith("\u001b[0m\r\u001b[2K");
        assertThat(cli.out()).isEqualTo("yes\n");
    }

    @Test
    void an_answer_cannot_play_tricks_on_a_terminal_but_passes_untouched_to_a_file() {
        server.chat = answers(text("a\u001b]0;evil\u0007\tb\r\nc"));

        cli.run("run", "qwen3", "hi");
        assertThat(cli.out()).isEqualTo("a\u001b]0;evil\u0007\tb\r\nc\n");

        CommandRun terminal = new CommandRun(home).server(server).terminal("12");
        terminal.run("run", "qwen3", "hi");
        assertThat(terminal.out()).isEqualTo("a\\u001b]0;evil\\u0007\tb\nc\n");
    }

    @Test
    void thoughts_are_for_a_person_alone() {
        server.chat = answers(ChatEvent.newBuilder().setReasoning("hm").build(), text("42"));

        cli.run("run", "qwen3", "hi");
        assertThat(cli.out()).isEqualTo("42\n");
        assertThat(cli.err()).isEmpty();

        CommandRun terminal = new CommandRun(home).server(server).terminal("12");
        terminal.run("run", "qwen3", "hi");
        assertThat(terminal.out()).isEqualTo("42\n");
        assertThat(terminal.err()).contains("hm");
    }

    @Test
    void on_a_terminal_without_a_prompt_it_is_a_chat() {
        cli.terminal("012").input("hello\n\nand then?\n/clear\nagain\n/bye\nnot this\n");

        assertThat(cli.run("run", "qwen3", "--system", "Be brief.")).isZero();

        assertThat(cli.out()).contains("> Once üpon 🐭\n> > Once üpon 🐭\n> > Once üpon 🐭\n> ");
        assertThat(server.requests)
                .extracting(request -> ((ChatRequest) request)
                        .getMessagesList().stream().map(ChatMessage::getContent).toList())
                .containsExactly(
                        java.util.List.of("Be brief.", "hello"),
                        java.util.List.of("Be brief.", "hello", "Once üpon 🐭", "and then?"),
                        java.util.List.of("Be brief.", "again"));
    }

    @Test
    void a_refused_question_does_not_end_a_chat() {
        server.chat = (request, observer) -> {
            server.chat = answers(text("now"));
            observer.onError(Problems.exception(Problems.status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", "full")));
        };

        assertThat(cli.terminal("012").input("one\ntwo\n").run("run", "qwen3")).isZero();

        assertThat(cli.err()).contains("full (QUEUE_FULL)");
        assertThat(cli.out()).isEqualTo("> > now\n> \n");
        assertThat(server.requests)
                .extracting(request -> ((ChatRequest) request).getMessagesCount())
                .containsExactly(1, 1);
    }

    @Test
    void an_interrupt_cancels_the_call_at_the_server() throws Exception {
        CompletableFuture<StreamObserver<ChatEvent>> stream = new CompletableFuture<>();
        server.chat = (request, observer) -> stream.complete(observer);

        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> cli.run("run", "qwen3", "hi"));
        stream.get(10, TimeUnit.SECONDS);
        cli.interrupt();

        assertThat(server.cancelled.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo(130);
        assertThat(cli.err()).isEmpty();
    }

    private static ChatMessage message(String role, String content) {
        return ChatMessage.newBuilder().setRole(role).setContent(content).build();
    }
}
