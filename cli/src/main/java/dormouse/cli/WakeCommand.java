package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WakeProgress;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code dormouse wake NAME}. */
@Command(name = "wake", description = "Wakes an Llm and waits until it is ACTIVE.")
final class WakeCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "The Llm.")
    private String name = "";

    WakeCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            WakeProgress last = wake(client, progress);
            progress.done();
            Console console = dormouse.console();
            if (last == null || last.getLlm().getStatus() != LlmStatus.LLM_STATUS_ACTIVE) {
                String status =
                        last == null ? "" : ": it is " + Words.of(last.getLlm().getStatus());
                throw Failure.refused("the server ended the wake of " + name + status + ". `dormouse describe " + name
                        + "` shows its history.");
            }
            Duration took = Times.duration(last.getElapsed());
            console.tell(
                    name + " is ACTIVE" + (took.toMillis() < 100 ? "." : ", awake after " + Times.spoken(took) + "."));
        }
        return ExitCode.DONE;
    }

    private @Nullable WakeProgress wake(Client client, Progress progress) throws StatusException, InterruptedException {
        BlockingClientCall<?, WakeProgress> call = client.llmStreams()
                .wakeLlm(WakeLlmRequest.newBuilder().setName(name).build());
        WakeProgress last = null;
        WakeProgress next = client.next(call, progress::waiting);
        while (next != null) {
            Llm llm = next.getLlm();
            progress.waitFor(
                    "waking " + name,
                    Times.duration(next.getElapsed()),
                    llm.hasExpectedWake() ? Times.duration(llm.getExpectedWake()) : null);
            last = next;
            next = client.next(call, progress::waiting);
        }
        return last;
    }
}
