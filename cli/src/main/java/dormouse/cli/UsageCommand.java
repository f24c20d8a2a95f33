package dormouse.cli;

import com.google.protobuf.Timestamp;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageRequest.Key;
import dormouse.v1.UsageSum;
import io.grpc.StatusException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dormouse usage}. */
@Command(
        name = "usage",
        description = "Sums up what the Llms were used for: tasks, tokens and time, of the tasks that have ended.")
final class UsageCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Mixin
    private final FormatOption output = new FormatOption();

    @Option(
            names = "--by",
            paramLabel = "KEY",
            split = ",",
            description =
                    "What the sums are told apart by: ${COMPLETION-CANDIDATES}; several with commas (default: llm).")
    private List<By> by = List.of();

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Tasks that ended then or later: " + Moment.FORMS + " (default: all that the server keeps).")
    private @Nullable String since;

    @Option(names = "--until", paramLabel = "TIME", description = "Tasks that ended before that (default: now).")
    private @Nullable String until;

    @Option(names = "--llm", paramLabel = "NAME", description = "Tasks of this Llm alone.")
    private String llm = "";

    /** In the order of the table's columns. */
    enum By {
        DAY(Key.KEY_DAY),
        LLM(Key.KEY_LLM),
        CALLER(Key.KEY_CALLER);

        final Key key;

        By(Key key) {
            this.key = key;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    UsageCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        if (output.format == Format.NAME) {
            throw Failure.usage("-o name: sums have no names; table, wide, json and yaml do");
        }
        Set<By> keys = by.isEmpty() ? EnumSet.of(By.LLM) : EnumSet.copyOf(by);
        SumUsageRequest request = request(keys, dormouse.console().clock().instant());
        List<UsageSum> sums;
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            sums = client.await(client.admin().sumUsage(request), progress::waiting)
                    .getSumsList();
            progress.done();
        }
        new UsagePrinter(dormouse.console(), output.format, keys).print(sums);
        return ExitCode.DONE;
    }

    private SumUsageRequest request(Set<By> keys, Instant now) {
        SumUsageRequest.Builder request = SumUsageRequest.newBuilder().setLlm(llm);
        keys.forEach(key -> request.addGroupBy(key.key));
        Instant from = since == null ? null : Moment.parse("--since", since, now);
        Instant to = until == null ? null : Moment.parse("--until", until, now);
        if (from != null && !from.isBefore(to == null ? now : to)) {
            throw Failure.usage("--since " + from + " is not before " + (to == null ? "now" : "--until " + to));
        }
        if (from != null) {
            request.setFrom(timestamp(from));
        }
        if (to != null) {
            request.setTo(timestamp(to));
        }
        return request.build();
    }

    private static Timestamp timestamp(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }
}
