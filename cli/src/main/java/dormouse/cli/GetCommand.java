package dormouse.cli;

import dormouse.v1.GetLlmRequest;
import dormouse.v1.Llm;
import io.grpc.StatusException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dormouse get NAME}. */
@Command(name = "get", description = "Shows one Llm.")
final class GetCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "The Llm.")
    private String name = "";

    @Mixin
    private final FormatOption output = new FormatOption();

    GetCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            Llm llm = client.await(
                    client.llms()
                            .getLlm(GetLlmRequest.newBuilder().setName(name).build()),
                    progress::waiting);
            progress.done();
            LlmPrinter.one(dormouse.console(), output.format, llm);
        }
        return ExitCode.DONE;
    }
}
