package dormouse.server.api;

import com.google.protobuf.Timestamp;
import dormouse.contract.Times;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.UsageKey;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageSum;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is asked about usage, checked, and its answer. Stateless. */
final class UsageSums {
    /** Rows of an answer, at most. */
    static final int MOST = 10_000;

    static final Failure BUSY =
            Failure.retry(Reason.OVERLOADED, "usage is being summed up for another caller", Duration.ofSeconds(5));

    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

    private UsageSums() {}

    static UsageQuery query(SumUsageRequest request) {
        Instant from = request.hasFrom() ? instant("from", request.getFrom()) : null;
        Instant to = request.hasTo() ? instant("to", request.getTo()) : null;
        if (from != null && to != null && !from.isBefore(to)) {
            throw Errors.of(Reason.MALFORMED, "to: after from, which is " + from);
        }
        return new UsageQuery(
                from,
                to,
                keys(request.getGroupByList()),
                request.getLlm().isEmpty() ? null : LlmApi.name(request.getLlm()));
    }

    private static Instant instant(String field, Timestamp said) {
        Instant time = null;
        try {
            time = Instant.ofEpochSecond(said.getSeconds(), said.getNanos());
        } catch (DateTimeException | ArithmeticException e) {
            // said below
        }
        if (time == null || time.isBefore(FIRST) || time.isAfter(LAST)) {
            throw Errors.of(Reason.MALFORMED, field + ": from the year 1 to 9999");
        }
        return time;
    }

    private static Set<UsageKey> keys(List<SumUsageRequest.Key> said) {
        Set<UsageKey> keys = EnumSet.noneOf(UsageKey.class);
        for (SumUsageRequest.Key key : said) {
            UsageKey known = key(key);
            if (known == null || !keys.add(known)) {
                throw Errors.of(Reason.MALFORMED, "group_by: LLM, CALLER, DAY, each at most once");
            }
        }
        return keys;
    }

    private static @Nullable UsageKey key(SumUsageRequest.Key key) {
        return switch (key) {
            case KEY_LLM -> UsageKey.LLM;
            case KEY_CALLER -> UsageKey.CALLER;
            case KEY_DAY -> UsageKey.DAY;
            case KEY_UNSPECIFIED, UNRECOGNIZED -> null;
        };
    }

    /** @param sums one more than {@link #MOST} where there are more than that */
    static SumUsageResponse response(List<UsageSum> sums) {
        if (sums.size() > MOST) {
            throw Errors.of(
                    Reason.MALFORMED,
                    "more than " + MOST + " rows: ask for a shorter time, for one Llm, or with fewer of group_by");
        }
        SumUsageResponse.Builder response = SumUsageResponse.newBuilder();
        sums.forEach(sum -> response.addSums(view(sum)));
        return response.build();
    }

    private static dormouse.v1.UsageSum.Builder view(UsageSum sum) {
        return dormouse.v1.UsageSum.newBuilder()
                .setLlm(sum.llm())
                .setCaller(sum.caller())
                .setDay(sum.day() == null ? "" : sum.day().toString())
                .setTasks(sum.tasks())
                .setFailed(sum.failed())
                .setCancelled(sum.cancelled())
                .setAnswered(sum.answered())
                .setPromptTokens(sum.promptTokens())
                .setCompletionTokens(sum.completionTokens())
                .setBytes(sum.bytes())
                .setQueued(Times.duration(sum.queued()))
                .setWoke(Times.duration(sum.woke()))
                .setFirstByte(Times.duration(sum.firstByte()))
                .setTotal(Times.duration(sum.total()));
    }
}
