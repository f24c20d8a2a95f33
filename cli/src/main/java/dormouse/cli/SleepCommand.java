package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import dormouse.v1.SleepLlmRequest;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code dormouse sleep NAME}. */
@Command(name = "sleep", description = "Puts an Llm to sleep and waits until its recipe has run.")
final class SleepCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "The Llm.")
    private String name = "";

    SleepCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            progress.waitFor("resting " + name, Duration.ZERO, null);
            Llm llm = client.await(
                    client.llms()
                            .sleepLlm(SleepLlmRequest.newBuilder().setName(name).build()),
                    progress::waiting);
            progress.done();
            dormouse.console()
                    .tell(
                            llm.getStatus() == LlmStatus.LLM_STATUS_HIBERNATING
                                    ? name + " is HIBERNATING."
                                    : name + " was put to sleep and is " + Words.of(llm.getStatus()) + " by now.");
        }
        return ExitCode.DONE;
    }
}
