package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.LlmEvent.Type;
import dormouse.v1.LlmStatus;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribeCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.get = answers(Samples.qwen());
        server.events = (request, observer) -> {
            boolean first = request.getPageToken().isEmpty();
            LlmStatus status = first ? LlmStatus.LLM_STATUS_HIBERNATING : LlmStatus.LLM_STATUS_ACTIVE;
            observer.onNext(ListLlmEventsResponse.newBuilder()
                    .addEvents(Samples.event(
                                    first ? Type.TYPE_SLEPT : Type.TYPE_REGISTERED,
                                    first ? 41 : 8,
                                    Samples.named("qwen3-8b", status))
                            .toBuilder()
                            .setDetail(first ? "idle for 10 min" : ""))
                    .setNextPageToken(first ? "older" : "")
                    .build());
            observer.onCompleted();
        };
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void it_tells_all_that_is_known_with_the_history() {
        assertThat(cli.run("describe", "qwen3-8b")).isZero();

        assertThat(cli.out()).isEqualTo("""
                        Name       qwen3-8b
                        Kind       VIRTUAL
                        Status     HIBERNATING
                        Reason     its backend sleeps
                        Model      qwen3:8b
                        Type       ollama
                        Pool       qwen3
                        Labels     at=Café,gpu=rtx4090
                        Tasks      1 running of 4 at a time, 2 queued
                        Wake       can be woken, in about 12 s, given up after 60 s
                        Sleep      can be put to sleep
                        Agent      ana-desk
                        Session    s-1, epoch 3
                        Replica    r-1
                        Heartbeat  2026-11-22T09:59:48Z (12s ago)
                        Inactive   since 2026-11-22T08:00:00Z (2h ago)
                        Created    2026-11-19T10:00:00Z (3d ago)
                        Updated    2026-11-22T09:00:00.250Z (59m ago)
                        Revision   41
                        History
                          TIME                  AGO  REVISION  EVENT       STATUS       DETAIL
                          2026-11-22T09:59:00Z  60s  41        SLEPT       HIBERNATING  idle for 10 min
                          2026-11-22T09:59:00Z  60s  8         REGISTERED  ACTIVE       -
                        """);
    }

    @Test
    void on_whose_behalf_something_happened_is_told_to_those_who_may_know() {
        server.events = answers(ListLlmEventsResponse.newBuilder()
                .addEvents(
                        Samples.event(Type.TYPE_WAKE_STARTED, 9, Samples.named("qwen3-8b", LlmStatus.LLM_STATUS_WAKING))
                                .toBuilder()
                                .setActor("tok-1"))
                .addEvents(
                        Samples.event(Type.TYPE_SLEPT, 8, Samples.named("qwen3-8b", LlmStatus.LLM_STATUS_HIBERNATING)))
                .build());

        assertThat(cli.run("describe", "qwen3-8b")).isZero();

        assertThat(cli.out()).contains("DETAIL  BY\n", "WAKING       -       tok-1\n", "HIBERNATING  -       -\n");
    }

    @Test
    void the_history_is_as_long_as_asked_for() {
        cli.run("describe", "qwen3-8b", "--history=1");
        assertThat(cli.out()).contains("SLEPT").doesNotContain("REGISTERED");
        assertThat(server.only(ListLlmEventsRequest.class).getPageSize()).isEqualTo(1);

        CommandRun none = new CommandRun(home).server(server);
        none.run("describe", "qwen3-8b", "--history", "0");
        assertThat(none.out()).endsWith("Revision   41\n");
    }
}
