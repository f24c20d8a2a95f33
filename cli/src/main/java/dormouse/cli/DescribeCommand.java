package dormouse.cli;

import dormouse.v1.GetLlmRequest;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dormouse describe NAME}. */
@Command(name = "describe", description = "Tells all about one Llm, with its history, the newest first.")
final class DescribeCommand implements Callable<Integer> {
    private static final int PAGE = 1_000;

    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "The Llm.")
    private String name = "";

    @Option(
            names = "--history",
            paramLabel = "N",
            defaultValue = "20",
            description = "How many events of its history, 0 for none (default: ${DEFAULT-VALUE}).")
    private int history;

    DescribeCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        if (history < 0) {
            throw Failure.usage("--history: " + history + " is less than 0");
        }
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            Llm llm = client.await(
                    client.llms()
                            .getLlm(GetLlmRequest.newBuilder().setName(name).build()),
                    progress::waiting);
            List<LlmEvent> events = history(client, progress);
            progress.done();
            Description.print(dormouse.console(), llm, events);
        }
        return ExitCode.DONE;
    }

    private List<LlmEvent> history(Client client, Progress progress) throws StatusException, InterruptedException {
        List<LlmEvent> events = new ArrayList<>();
        String page = "";
        while (events.size() < history) {
            ListLlmEventsResponse response = client.await(
                    client.llms()
                            .listLlmEvents(ListLlmEventsRequest.newBuilder()
                                    .setName(name)
                                    .setPageSize(Math.min(PAGE, history - events.size()))
                                    .setPageToken(page)
                                    .build()),
                    progress::waiting);
            events.addAll(response.getEventsList());
            page = response.getNextPageToken();
            if (page.isEmpty()) {
                break;
            }
        }
        return events.subList(0, Math.min(history, events.size()));
    }
}
