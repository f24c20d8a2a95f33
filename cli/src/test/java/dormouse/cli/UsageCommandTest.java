package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageRequest.Key;
import dormouse.v1.SumUsageResponse;
import dormouse.v1.UsageSum;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.usage = answers(SumUsageResponse.newBuilder()
                .addSums(UsageSum.newBuilder()
                        .setDay("2026-11-21")
                        .setLlm("qwen3-8b")
                        .setCaller("tok-1")
                        .setTasks(4)
                        .setFailed(1)
                        .setCancelled(1)
                        .setAnswered(2)
                        .setPromptTokens(1200)
                        .setCompletionTokens(345)
                        .setBytes(6789)
                        .setQueued(seconds(2, 0))
                        .setWoke(seconds(160, 0))
                        .setFirstByte(seconds(1, 500_000_000))
                        .setTotal(seconds(200, 0)))
                .addSums(UsageSum.newBuilder().setLlm("tiny").setTasks(1).setFailed(1))
                .build());
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Duration seconds(long seconds, int nanos) {
        return Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build();
    }

    @Test
    void a_table_has_a_row_for_each_llm() {
        assertThat(cli.run("usage")).isZero();

        assertThat(cli.out()).isEqualTo("""
                        LLM       TASKS  FAILED  CANCELLED  PROMPT  COMPLETION
                        qwen3-8b  4      1       1          1200    345
                        tiny      1      1       0          0       0
                        """);
        assertThat(server.only(SumUsageRequest.class))
                .isEqualTo(SumUsageRequest.newBuilder().addGroupBy(Key.KEY_LLM).build());
    }

    @Test
    void what_they_are_told_apart_by_comes_first_and_wide_has_means() {
        assertThat(cli.run("usage", "--by", "caller,day", "--by", "llm", "-o", "wide"))
                .isZero();

        assertThat(cli.out()).isEqualTo("""
                        DAY         LLM       CALLER  TASKS  FAILED  CANCELLED  PROMPT  COMPLETION  BYTES  QUEUE  WAKE  FIRST-BYTE  TOTAL
                        2026-11-21  qwen3-8b  tok-1   4      1       1          1200    345         6789   0.5s   40s   0.7s        50s
                        -           tiny      -       1      1       0          0       0           0      0.0s   0.0s  -           0.0s
                        """);
        assertThat(server.only(SumUsageRequest.class).getGroupByList())
                .containsExactly(Key.KEY_DAY, Key.KEY_LLM, Key.KEY_CALLER);
    }

    @Test
    void a_time_is_so_long_ago_or_a_day_or_a_moment() {
        assertThat(cli.run("usage", "--since", "7d", "--until", "2026-11-22T09:30:00.5+01:00", "--llm", "tiny"))
                .isZero();
        SumUsageRequest request = server.only(SumUsageRequest.class);
        assertThat(Times.rfc3339(request.getFrom())).isEqualTo("2026-11-15T10:00:00Z");
        assertThat(Times.rfc3339(request.getTo())).isEqualTo("2026-11-22T08:30:00.500Z");
        assertThat(request.getLlm()).isEqualTo("tiny");

        server.requests.clear();
        assertThat(cli.run("usage", "--since=2026-11-20", "--until=30m")).isZero();
        request = server.only(SumUsageRequest.class);
        assertThat(Times.rfc3339(request.getFrom())).isEqualTo("2026-11-20T00:00:00Z");
        assertThat(Times.rfc3339(request.getTo())).isEqualTo("2026-11-22T09:30:00Z");
    }

    @Test
    void a_time_that_is_none_is_told_with_the_rule() {
        assertThat(cli.run("usage", "--since", "yesterday")).isEqualTo(2);
        assertThat(cli.err())
                .isEqualTo("dormouse: --since \"yesterday\" is not a time (7d, 12h, 30m, 2026-11-20 (UTC) or"
                        + " 2026-11-20T08:30:00Z)\n");
    }

    @Test
    void json_and_yaml_have_the_sums_exactly() {
        cli.run("usage", "-o", "json");
        assertThat(cli.out()).startsWith("""
                        {
                          "usage": [
                            {
                              "day": "2026-11-21",
                              "llm": "qwen3-8b",
                              "caller": "tok-1",
                              "tasks": 4,
                              "failed": 1,
                              "cancelled": 1,
                              "answered": 2,
                              "promptTokens": 1200,
                              "completionTokens": 345,
                              "bytes": 6789,
                              "queuedSeconds": 2,
                              "wokeSeconds": 160,
                              "firstByteSeconds": 1.5,
                              "totalSeconds": 200
                            },
                            {
                              "day": null,
                              "llm": "tiny",
                              "caller": null,
                        """);

        CommandRun yaml = new CommandRun(home).server(server);
        yaml.run("usage", "-o", "yaml");
        assertThat(yaml.out()).startsWith("usage:\n  - day: 2026-11-21\n").contains("firstByteSeconds: 1.5\n");
    }

    @Test
    void where_there_was_nothing_the_table_is_empty_and_says_so_aside() {
        server.usage = answers(SumUsageResponse.getDefaultInstance());
        assertThat(cli.run("usage", "--by", "day")).isZero();
        assertThat(cli.out()).isEqualTo("DAY  TASKS  FAILED  CANCELLED  PROMPT  COMPLETION\n");
        assertThat(cli.err()).isEqualTo("No tasks.\n");
    }
}
