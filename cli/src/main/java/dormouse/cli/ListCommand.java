package dormouse.cli;

import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmStatus;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dormouse list}. */
@Command(name = "list", aliases = "ls", description = "Lists the Llms, or watches them.")
final class ListCommand implements Callable<Integer> {
    private static final int PAGE = 1_000;

    private final Dormouse dormouse;

    @Mixin
    private final FormatOption output = new FormatOption();

    @Option(names = "--status", paramLabel = "STATUS", description = "Only those that are ${COMPLETION-CANDIDATES}.")
    private @Nullable Status status;

    @Option(names = "--kind", paramLabel = "KIND", description = "Only those of kind ${COMPLETION-CANDIDATES}.")
    private @Nullable Kind kind;

    @Option(names = "--pool", paramLabel = "POOL", description = "Only the members of this pool.")
    private String pool = "";

    @Option(
            names = {"-w", "--watch"},
            description = "Stay and show every change: redrawn on a terminal, else a line for each event.")
    private boolean watch;

    private enum Status {
        ACTIVE,
        HIBERNATING,
        WAKING,
        INACTIVE
    }

    private enum Kind {
        PUBLIC,
        VIRTUAL
    }

    ListCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        LlmFilter filter = new LlmFilter(
                status == null ? LlmStatus.LLM_STATUS_UNSPECIFIED : LlmStatus.valueOf("LLM_STATUS_" + status.name()),
                kind == null ? LlmKind.LLM_KIND_UNSPECIFIED : LlmKind.valueOf("LLM_KIND_" + kind.name()),
                pool);
        try (Client client = dormouse.connect()) {
            if (watch) {
                new Watch(dormouse, client).run(view(filter));
            } else {
                list(client, filter);
            }
        }
        return ExitCode.DONE;
    }

    private WatchView view(LlmFilter filter) {
        Console console = dormouse.console();
        boolean table = output.format == Format.TABLE || output.format == Format.WIDE;
        return table && console.terminal().liveOut()
                ? new LiveTable(console, filter, output.format)
                : new EventLines(console, filter, output.format);
    }

    private void list(Client client, LlmFilter filter) throws StatusException, InterruptedException {
        Console console = dormouse.console();
        Progress progress = dormouse.progress(client);
        List<Llm> llms = new ArrayList<>();
        long revision = 0;
        String page = "";
        do {
            ListLlmsResponse response = client.await(
                    client.llms()
                            .listLlms(ListLlmsRequest.newBuilder()
                                    .setPageSize(PAGE)
                                    .setPageToken(page)
                                    .setStatus(filter.status())
                                    .setKind(filter.kind())
                                    .setPool(filter.pool())
                                    .build()),
                    progress::waiting);
            revision = page.isEmpty() ? response.getRevision() : revision;
            llms.addAll(response.getLlmsList());
            page = response.getNextPageToken();
        } while (!page.isEmpty());
        progress.done();
        LlmPrinter.list(console, output.format, llms, revision);
    }
}
