package dormouse.server.api;

import dormouse.server.auth.Audit;
import dormouse.server.auth.Caller;
import dormouse.server.auth.Visit;
import dormouse.server.control.Fleet;
import dormouse.server.control.Sleeps;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.WakeGate;
import dormouse.server.relay.Watch;
import dormouse.server.relay.Watches;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.DeleteLlmResponse;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmStatus;
import dormouse.v1.SleepLlmRequest;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WakeProgress;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The Llms of the fleet, read from memory; only history asks the store, on a thread of {@code blocking}. */
public final class LlmApi extends LlmServiceGrpc.LlmServiceImplBase {
    private static final int MEMBERS_TOLD = 5;

    /** At a time; each holds its snapshot, and up to {@link Watch#MOST_WAITING} events that it has not taken. */
    static final int MOST_WATCHES = 1000;

    private final Fleet fleet;
    private final LlmStore store;
    private final WakeGate wakeGate;
    private final Sleeps sleeps;
    private final Watches watches;
    private final Views views;
    private final Time time;
    private final Executor blocking;
    private final DeclareCalls declares;
    private final Audit audit;
    private final Predicate<LlmName> isPool;
    private final AtomicInteger watching = new AtomicInteger();

    LlmApi(
            Fleet fleet,
            LlmStore store,
            WakeGate wakeGate,
            Sleeps sleeps,
            Watches watches,
            Views views,
            Time time,
            Executor blocking,
            DeclareCalls declares,
            Audit audit,
            Predicate<LlmName> isPool) {
        this.fleet = fleet;
        this.store = store;
        this.wakeGate = wakeGate;
        this.sleeps = sleeps;
        this.watches = watches;
        this.views = views;
        this.time = time;
        this.blocking = blocking;
        this.declares = declares;
        this.audit = audit;
        this.isPool = isPool;
    }

    @Override
    public void getLlm(GetLlmRequest request, StreamObserver<dormouse.v1.Llm> response) {
        Answers.now(response, () -> views.live(existing(request.getName())));
    }

    @Override
    public void listLlms(ListLlmsRequest request, StreamObserver<ListLlmsResponse> response) {
        Answers.now(response, () -> {
            int size = PageToken.size(request.getPageSize());
            PageToken.Place from = request.getPageToken().isEmpty()
                    ? new PageToken.Place(
                            fleet.revision(), "") // read before the rows: a watch repeats rather than misses
                    : PageToken.place(request.getPageToken());
            ListLlmsResponse.Builder page = ListLlmsResponse.newBuilder().setRevision(from.revision());
            Caller caller = Visits.caller();
            int bytes = 0;
            for (Llm row : fleet.after(from.name().isEmpty() ? null : name(from.name()))) {
                Llm llm = caller.seen(row);
                if (llm == null || !wanted(request, llm)) {
                    continue;
                }
                dormouse.v1.Llm live = views.live(llm);
                bytes += live.getSerializedSize();
                int taken = page.getLlmsCount();
                if (taken == size || (taken > 0 && bytes > PageToken.MOST_BYTES)) {
                    String last = page.getLlms(taken - 1).getSpec().getName();
                    page.setNextPageToken(PageToken.of(new PageToken.Place(from.revision(), last)));
                    break;
                }
                page.addLlms(live);
            }
            return page.build();
        });
    }

    private static boolean wanted(ListLlmsRequest request, Llm llm) {
        boolean status = request.getStatus() == LlmStatus.LLM_STATUS_UNSPECIFIED
                || request.getStatus() == Views.status(llm.status());
        boolean kind = request.getKind() == LlmKind.LLM_KIND_UNSPECIFIED || request.getKind() == Views.kind(llm.kind());
        boolean pool = request.getPool().isEmpty()
                || request.getPool().equals(llm.spec().pool());
        return status && kind && pool;
    }

    @Override
    public void listLlmEvents(ListLlmEventsRequest request, StreamObserver<ListLlmEventsResponse> response) {
        Caller caller = Visits.caller();
        Answers.later(blocking, response, () -> {
            int size = PageToken.size(request.getPageSize());
            LlmName name = name(request.getName());
            if (!caller.mayUse(name)) {
                throw Errors.of(withoutHistory(name));
            }
            long before =
                    request.getPageToken().isEmpty() ? Long.MAX_VALUE : PageToken.revision(request.getPageToken());
            List<LlmEvent> events = store.history(name, before, size + 1);
            if (events.isEmpty() && before == Long.MAX_VALUE && fleet.find(name) == null) {
                throw Errors.of(withoutHistory(name));
            }
            ListLlmEventsResponse.Builder page = ListLlmEventsResponse.newBuilder();
            int bytes = 0;
            for (int i = 0; i < events.size(); i++) {
                LlmEvent seen = caller.seen(events.get(i));
                dormouse.v1.LlmEvent event = seen == null ? null : views.event(seen);
                bytes += event == null ? 0 : event.getSerializedSize();
                if (i == size || (page.getEventsCount() > 0 && bytes > PageToken.MOST_BYTES)) {
                    page.setNextPageToken(
                            PageToken.of(Long.toString(events.get(i - 1).revision())));
                    break;
                }
                if (event != null) {
                    page.addEvents(event);
                }
            }
            return page.build();
        });
    }

    private static Failure withoutHistory(LlmName name) {
        return Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name + ", nor was there");
    }

    @Override
    public void watchLlms(WatchLlmsRequest request, StreamObserver<dormouse.v1.LlmEvent> response) {
        try {
            LlmName name = request.getName().isEmpty() ? null : name(request.getName());
            if (request.getAfterRevision() < 0) {
                throw Errors.of(Reason.MALFORMED, "after_revision: 0 or more");
            }
            watch(name, request.getAfterRevision(), (ServerCallStreamObserver<dormouse.v1.LlmEvent>) response);
        } catch (StatusRuntimeException e) {
            response.onError(e);
        }
    }

    private void watch(@Nullable LlmName name, long after, ServerCallStreamObserver<dormouse.v1.LlmEvent> response) {
        Visit visit = Visits.current();
        if (watching.incrementAndGet() > MOST_WATCHES) {
            watching.decrementAndGet();
            throw Errors.of(Failure.retry(
                    Reason.OVERLOADED, MOST_WATCHES + " watch the fleet by this door already", Duration.ofSeconds(10)));
        }
        visit.whenOver(watching::decrementAndGet);
        Watch watch = watches.prepare(name, visit.caller(), new GrpcWatcher(response, views));
        response.setOnReadyHandler(watch::write);
        response.setOnCancelHandler(() -> watches.leave(watch));
        visit.whenEnded(watch::end);
        watches.begin(watch, after);
    }

    @Override
    public void createLlm(CreateLlmRequest request, StreamObserver<dormouse.v1.Llm> response) {
        declares.create(request, response);
    }

    @Override
    public void deleteLlm(DeleteLlmRequest request, StreamObserver<DeleteLlmResponse> response) {
        declares.delete(request, response);
    }

    @Override
    public void wakeLlm(WakeLlmRequest request, StreamObserver<WakeProgress> response) {
        try {
            Visit visit = Visits.current();
            Llm llm = existing(request.getName());
            audit.asked(visit.caller(), "llm.wake", llm.name().value(), time.now(), time.nanos());
            ServerCallStreamObserver<WakeProgress> out = (ServerCallStreamObserver<WakeProgress>) response;
            WakeCall call = new WakeCall(llm.name(), visit.caller(), fleet, wakeGate, views, time, out);
            call.start();
            visit.whenEnded(call::end);
        } catch (StatusRuntimeException e) {
            response.onError(e);
        }
    }

    @Override
    public void sleepLlm(SleepLlmRequest request, StreamObserver<dormouse.v1.Llm> response) {
        try {
            Caller caller = Visits.caller();
            Llm llm = existing(request.getName());
            audit.asked(caller, "llm.sleep", llm.name().value(), time.now(), time.nanos());
            ServerCallStreamObserver<dormouse.v1.Llm> out = (ServerCallStreamObserver<dormouse.v1.Llm>) response;
            new SleepCall(llm.name(), caller, fleet, sleeps, views, out).start();
        } catch (StatusRuntimeException e) {
            response.onError(e);
        }
    }

    private Llm existing(String asked) {
        Caller caller = Visits.caller();
        LlmName name = Visits.usable(name(asked), caller);
        Llm row = fleet.find(name);
        Llm llm = row == null ? null : caller.seen(row);
        if (llm == null) {
            throw Errors.of(absent(name, caller));
        }
        return llm;
    }

    /** Who asks for a pool as if it were an Llm is told whose name to say. */
    private Failure absent(LlmName name, Caller caller) {
        List<String> members = !isPool.test(name)
                ? List.of()
                : fleet.all().stream()
                        .map(caller::seen)
                        .filter(llm -> llm != null && llm.spec().pool().equals(name.value()))
                        .map(llm -> llm.name().value())
                        .sorted()
                        .limit(MEMBERS_TOLD)
                        .toList();
        return members.isEmpty()
                ? Visits.notFound(name)
                : Failure.of(
                        Reason.LLM_NOT_FOUND,
                        name + " is a pool, to which infers alone can go; of its Llms: " + String.join(", ", members));
    }

    static LlmName name(@Nullable String said) {
        if (said == null || !LlmName.isValid(said)) {
            throw Errors.of(Reason.MALFORMED, LlmName.rule(said == null ? "" : said));
        }
        return new LlmName(said);
    }
}
