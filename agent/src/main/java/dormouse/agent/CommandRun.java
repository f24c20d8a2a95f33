package dormouse.agent;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a command, without a shell. Its standard output is thrown away; of its errors the last line is kept, for
 * the message. What it leaves running in the background lives on, and its errors are read for as long as they come. When
 * the run is cancelled or takes too long, the command is killed with its descendants.
 */
final class CommandRun {
    private static final int LINE = 300;
    /** How long the last words of a command that failed are waited for. */
    private static final long LAST_WORDS_MILLIS = 250;

    private final Recipe.Command command;
    private final Loop loop;
    private final Executor workers;
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private volatile @Nullable Process process;
    private volatile String lastError = "";

    CommandRun(Recipe.Command command, Loop loop, Executor workers) {
        this.command = command;
        this.loop = loop;
        this.workers = workers;
    }

    CompletableFuture<@Nullable Void> start(Duration limit) {
        Loop.Timer timer = loop.after(
                limit,
                () -> done.completeExceptionally(new RecipeFailed(
                        "its command ran longer than " + Spans.say(limit),
                        command + " ran longer than " + Spans.say(limit) + " and was killed")));
        Then.handle(done, (nothing, failure) -> {
            timer.cancel();
            workers.execute(this::kill);
        });
        workers.execute(this::launch);
        return done;
    }

    private void launch() {
        if (done.isDone()) {
            return;
        }
        List<String> line = new ArrayList<>();
        line.add(command.program());
        line.addAll(command.args());
        try {
            Process started = new ProcessBuilder(line)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process = started;
            started.getOutputStream().close();
            Thread reader = new Thread(() -> readErrors(started), "dormouse-command-" + started.pid());
            reader.setDaemon(true);
            reader.start();
            Then.accept(started.onExit(), exited -> exited(exited.exitValue(), reader));
            if (done.isDone()) {
                kill();
            }
        } catch (IOException e) {
            finish(new RecipeFailed("its command could not be started", command + ": " + Failures.say(e)));
        }
    }

    private void exited(int code, Thread reader) {
        if (code == 0) {
            finish(null);
            return;
        }
        workers.execute(() -> {
            try {
                TimeUnit.MILLISECONDS.timedJoin(reader, LAST_WORDS_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            String said = lastError.isEmpty() ? "" : ": " + lastError;
            finish(new RecipeFailed(
                    "its command ended with exit code " + code, command + " ended with exit code " + code + said));
        });
    }

    private void finish(@Nullable RecipeFailed failure) {
        loop.execute(() -> {
            if (failure == null) {
                done.complete(null);
            } else {
                done.completeExceptionally(failure);
            }
        });
    }

    /** Keeps the last line that says something; of a line without end, its beginning. */
    private void readErrors(Process from) {
        try (BufferedReader errors =
                new BufferedReader(new InputStreamReader(from.getErrorStream(), StandardCharsets.UTF_8))) {
            StringBuilder line = new StringBuilder();
            for (int c = errors.read(); c >= 0; c = errors.read()) {
                if (c == '\n') {
                    keep(line);
                } else if (line.length() < LINE) {
                    line.append((char) c);
                }
            }
            keep(line);
        } catch (IOException closed) {
            // the process is gone; what it said is kept
        }
    }

    private void keep(StringBuilder line) {
        String said = Failures.oneLine(line.toString());
        if (!said.isEmpty()) {
            lastError = said;
        }
        line.setLength(0);
    }

    /** Kills what still runs, unless it ended well: then its descendants are what it was to start. */
    private void kill() {
        Process running = process;
        if (running == null || !done.isDone() || !done.isCompletedExceptionally()) {
            return;
        }
        List<ProcessHandle> descendants;
        try (Stream<ProcessHandle> all = running.descendants()) {
            descendants = all.toList();
        }
        running.destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }
}
