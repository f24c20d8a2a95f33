package dormouse.server.link;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.server.auth.Caller;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Head;
import dormouse.server.control.Registered;
import dormouse.server.control.Registration;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.Offer;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.v1.Fault;
import dormouse.v1.Heartbeat;
import dormouse.v1.InferHead;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The contract's messages and the server's own words, to and fro. Stateless. */
final class Messages {
    /** The most names of one Register. */
    static final int MOST_LLMS = 1000;

    private static final int LONGEST_TEXT = 500;
    private static final Duration LONGEST_WAKE = Duration.ofDays(1);
    private static final Set<String> HEADERS = Set.of("x-request-id", "retry-after");
    private static final Set<Reason> OF_A_WAKE = Set.of(Reason.WAKE_FAILED, Reason.WAKE_TIMEOUT, Reason.WAKE_REFUSED);
    private static final Set<Reason> OF_A_SLEEP = Set.of(Reason.SLEEP_REFUSED, Reason.BACKEND_FAILED);
    private static final Set<Reason> OF_A_TASK = Set.of(
            Reason.BACKEND_FAILED,
            Reason.FIRST_BYTE_TIMEOUT,
            Reason.IDLE_TIMEOUT,
            Reason.DEADLINE,
            Reason.NOT_AWAKE,
            Reason.MALFORMED,
            Reason.TOO_LARGE,
            Reason.OVERLOADED,
            Reason.LLM_INACTIVE);
    private static final Set<Reason> FOR_NOW = Set.of(Reason.BACKEND_FAILED, Reason.OVERLOADED, Reason.LLM_INACTIVE);

    private Messages() {}

    static Status status(Failure failure) {
        return Problems.status(
                io.grpc.Status.Code.valueOf(failure.reason().code().name()),
                failure.reason().name(),
                failure.message(),
                failure.retryAfter(),
                failure.details());
    }

    /** @throws IllegalArgumentException naming what is wrong with the message as a whole */
    static Registration registration(Register register, Caller caller) {
        if (register.getLlmsCount() > MOST_LLMS) {
            throw new IllegalArgumentException(
                    "Register.llms: " + register.getLlmsCount() + " of them, at most " + MOST_LLMS);
        }
        String session = register.getSessionId();
        if (!session.isEmpty() && !SessionId.isValid(session)) {
            throw new IllegalArgumentException("Register.session_id: " + SessionId.RULE);
        }
        List<Offer> offers = new ArrayList<>();
        List<Registration.Refused> refused = new ArrayList<>();
        for (int place = 0; place < register.getLlmsCount(); place++) {
            LlmOffer offer = register.getLlms(place);
            try {
                Offer said = offer(offer);
                Failure forbidden = forbidden(said, caller);
                if (forbidden == null) {
                    offers.add(said);
                } else {
                    refused.add(new Registration.Refused(place, said.name().value(), forbidden));
                }
            } catch (IllegalArgumentException | ArithmeticException e) {
                refused.add(new Registration.Refused(
                        place,
                        text(offer.getSpec().getName()),
                        Failure.of(Reason.NAME_MALFORMED, text(String.valueOf(e.getMessage())))));
            }
        }
        return new Registration(
                session.isEmpty() ? null : new SessionId(session),
                register.getResumeToken().toString(StandardCharsets.UTF_8),
                text(register.getAgentName().isEmpty() ? "unnamed" : register.getAgentName()),
                text(register.getAgentVersion()),
                text(register.getInstanceId()),
                caller.id(),
                offers,
                refused);
    }

    /** Rule 4: the credential's patterns cover the name and its pool. */
    private static @Nullable Failure forbidden(Offer offer, Caller caller) {
        String name = offer.name().value();
        String pool = offer.spec().pool();
        if (!caller.mayPublish(name)) {
            return Failure.of(Reason.NAME_FORBIDDEN, name + ": this agent's token may not publish this name");
        }
        return pool.isEmpty() || caller.mayPublish(pool)
                ? null
                : Failure.of(Reason.NAME_FORBIDDEN, name + ": this agent's token may not publish into pool " + pool);
    }

    private static Offer offer(LlmOffer offer) {
        dormouse.v1.LlmSpec spec = offer.getSpec();
        LlmName name = new LlmName(spec.getName());
        Duration maxWait = spec.hasMaxWait() ? Times.duration(spec.getMaxWait()) : LlmSpec.DEFAULT_MAX_WAIT;
        LlmSpec said = new LlmSpec(
                spec.getModel().isEmpty() ? spec.getName() : spec.getModel(),
                spec.getPool(),
                spec.getConcurrency() == 0 ? LlmSpec.DEFAULT_CONCURRENCY : spec.getConcurrency(),
                spec.getWakeable(),
                spec.getSleepable(),
                spec.getLabelsMap(),
                maxWait,
                spec.getType().isEmpty() ? "openai" : spec.getType());
        return new Offer(name, said, awake(offer.getInitialStatus(), said.wakeable()));
    }

    private static boolean awake(dormouse.v1.LlmStatus initial, boolean wakeable) {
        return switch (initial) {
            case LLM_STATUS_ACTIVE, LLM_STATUS_UNSPECIFIED -> true;
            case LLM_STATUS_HIBERNATING -> {
                if (!wakeable) {
                    throw new IllegalArgumentException("initial_status HIBERNATING: only of what is wakeable");
                }
                yield false;
            }
            case LLM_STATUS_WAKING, LLM_STATUS_INACTIVE, UNRECOGNIZED ->
                throw new IllegalArgumentException("initial_status: ACTIVE or HIBERNATING");
        };
    }

    static LlmGrant grant(Registered.Grant grant) {
        LlmGrant.Builder message = LlmGrant.newBuilder()
                .setName(grant.name())
                .setOwnerEpoch(grant.ownerEpoch())
                .setOutcome(
                        switch (grant.outcome()) {
                            case CREATED -> LlmGrant.Outcome.OUTCOME_CREATED;
                            case REACTIVATED -> LlmGrant.Outcome.OUTCOME_REACTIVATED;
                            case ADOPTED -> LlmGrant.Outcome.OUTCOME_ADOPTED;
                            case REFUSED -> LlmGrant.Outcome.OUTCOME_REFUSED;
                        });
        if (grant.refusal() != null) {
            message.setRefusal(status(grant.refusal()));
        }
        return message.build();
    }

    /** What a heartbeat says; names and statuses that can't be are as good as not said. */
    static Map<LlmName, AttachedAgent.Report> reports(Heartbeat heartbeat) {
        Map<LlmName, AttachedAgent.Report> reports = new HashMap<>();
        for (LlmReport report : heartbeat.getReportsList()) {
            LlmStatus status = switch (report.getStatus()) {
                case LLM_STATUS_ACTIVE -> LlmStatus.ACTIVE;
                case LLM_STATUS_HIBERNATING -> LlmStatus.HIBERNATING;
                case LLM_STATUS_WAKING -> LlmStatus.WAKING;
                case LLM_STATUS_INACTIVE, UNRECOGNIZED -> LlmStatus.INACTIVE;
                case LLM_STATUS_UNSPECIFIED -> null;
            };
            if (status != null && LlmName.isValid(report.getName()) && reports.size() < MOST_LLMS) {
                reports.put(
                        new LlmName(report.getName()),
                        new AttachedAgent.Report(
                                status,
                                text(report.getReason()),
                                report.getRested() && status == LlmStatus.HIBERNATING));
            }
        }
        return reports;
    }

    /** Of the backend's headers those that pass. */
    static Head head(InferHead head) {
        Map<String, String> passing = new HashMap<>();
        head.getHeadersMap().forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (HEADERS.contains(lower)) {
                passing.put(lower, text(value));
            }
        });
        return new Head(head.getStatus(), text(head.getContentType()), passing);
    }

    /** How long a wake took, as far as that can be. */
    static Duration took(com.google.protobuf.Duration said) {
        long seconds = Math.max(0, Math.min(said.getSeconds(), LONGEST_WAKE.toSeconds()));
        return Duration.ofSeconds(seconds, Math.max(0, said.getNanos()));
    }

    /** The answer to a message of a kind that this version does not know. */
    static ServerMessage unknownKind() {
        Failure why = Failure.of(Reason.MALFORMED, "a message of a kind that this server does not know was dropped");
        return fault("", status(why));
    }

    /** A problem that does not end the stream; {@code task} is empty where it concerns none. */
    static ServerMessage fault(String task, Status why) {
        return ServerMessage.newBuilder()
                .setFault(Fault.newBuilder().setTaskId(task).setError(why))
                .build();
    }

    /** Why a wake has failed, in the words that a wake may fail with. */
    static Failure wakeFailure(Status error) {
        return failure(error, OF_A_WAKE, Reason.WAKE_FAILED);
    }

    /** Why an Llm was not put to sleep, in the words that this may fail with. */
    static Failure sleepFailure(Status error) {
        // An agent that does not know the name has withdrawn it meanwhile.
        boolean withdrawn = Problems.reason(error).equals(Reason.LLM_NOT_FOUND.name());
        Failure said = failure(error, OF_A_SLEEP, withdrawn ? Reason.LLM_INACTIVE : Reason.BACKEND_FAILED);
        return said.reason() != Reason.SLEEP_REFUSED && said.retryAfter() == null
                ? Failure.retry(said.reason(), said.message(), Duration.ofSeconds(5))
                : said;
    }

    /** Why a task has failed, in the words that an agent may use. */
    static Failure taskFailure(Status error) {
        // An agent that does not know the name has withdrawn it while the task was on its way.
        boolean withdrawn = Problems.reason(error).equals(Reason.LLM_NOT_FOUND.name());
        Failure said = failure(error, OF_A_TASK, withdrawn ? Reason.LLM_INACTIVE : Reason.INTERNAL);
        return FOR_NOW.contains(said.reason()) && said.retryAfter() == null
                ? Failure.retry(said.reason(), said.message(), Duration.ofSeconds(1))
                : said;
    }

    private static Failure failure(Status error, Set<Reason> allowed, Reason otherwise) {
        String said = Problems.reason(error);
        Reason reason = allowed.stream()
                .filter(known -> known.name().equals(said))
                .findFirst()
                .orElse(otherwise);
        return new Failure(
                reason, text(error.getMessage()), Problems.retryAfter(error).orElse(null), Map.of());
    }

    /** A peer's text as it may stand in a row and on a screen: bounded, one line. */
    static String text(String said) {
        String bounded = said.length() > LONGEST_TEXT ? said.substring(0, LONGEST_TEXT) + "…" : said;
        return bounded.replaceAll("\\p{Cntrl}", " ");
    }
}
