package dormouse.cli;

import dormouse.v1.Llm;
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
            progress.waitFor("putting " + name + " to sleep", Duration.ZERO, null);
            Llm llm = client.await(
                    client.llms()
                            .sleepLlm(SleepLlmRequest.newBuilder().setName(name).build()),
                    progress::waiting);
            progress.done();
            dormouse.console().tell(name + " is " + Words.of(llm.getStatus()) + ".");
        }
        return ExitCode.DONE;
    }
}
