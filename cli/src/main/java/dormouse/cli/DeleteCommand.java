package dormouse.cli;

import dormouse.v1.DeleteLlmRequest;
import io.grpc.StatusException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code dormouse delete NAME}. */
@Command(
        name = "delete",
        description = {
            "Removes a PUBLIC Llm; its running tasks finish.",
            "What stands in the server's file is taken out there, and a VIRTUAL one goes when its publisher withdraws it."
        })
final class DeleteCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "The Llm.")
    private String name = "";

    DeleteCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            client.await(
                    client.llms()
                            .deleteLlm(
                                    DeleteLlmRequest.newBuilder().setName(name).build()),
                    progress::waiting);
            progress.done();
            dormouse.console().tell("deleted " + Printable.line(name));
        }
        return ExitCode.DONE;
    }
}
