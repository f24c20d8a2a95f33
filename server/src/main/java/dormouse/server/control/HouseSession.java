package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Offer;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session of the agent inside this server, which serves the PUBLIC Llms and no others. What it registers creates,
 * changes and withdraws nothing: that is the operator's to say. Only what it reports of its backends counts. It is known
 * to this process alone: no row is its own, none of it is on disk, and no agent that comes through the door can be it.
 */
public final class HouseSession implements Reception {
    private static final Logger log = LoggerFactory.getLogger(HouseSession.class);

    private final Fleet fleet;
    private final Time time;
    private final SessionId id;
    private final String token;
    private long epoch; // on the lane
    private volatile @Nullable AttachedAgent attached;

    public HouseSession(Fleet fleet, Credentials credentials, Time time) {
        this.fleet = fleet;
        this.time = time;
        this.id = credentials.newSession();
        this.token = credentials.newToken();
    }

    /** The agent that serves the PUBLIC Llms, or null while there is none. */
    @Nullable
    AttachedAgent agent() {
        return attached;
    }

    @Override
    public @Nullable AttachedAgent find(SessionId session) {
        return session.equals(id) ? attached : null;
    }

    @Override
    public void attach(Registration registration, AgentLine line, Consumer<Registered> answer) {
        fleet.onLane(() -> {
            AttachedAgent older = attached;
            boolean first = epoch == 0;
            AttachedAgent agent = new AttachedAgent(
                    id,
                    ++epoch,
                    line,
                    registration.agentName(),
                    registration.agentVersion(),
                    "",
                    registration.instanceId(),
                    time.now());
            List<Registered.Grant> grants = grant(agent, registration);
            attached = agent;
            if (older != null) {
                older.line().close(Epochs.fenced());
            }
            log.debug("the server's own agent is attached session={} epoch={}", id, epoch);
            answer.accept(new Registered.Accepted(id, first ? token : null, epoch, !first, false, grants));
        });
    }

    @Override
    public void publish(AttachedAgent agent, Registration registration, Consumer<Registered> answer) {
        fleet.onLane(() -> answer.accept(
                agent == attached
                        ? new Registered.Accepted(id, null, agent.epoch(), true, true, grant(agent, registration))
                        : new Registered.Rejected(Epochs.fenced())));
    }

    private List<Registered.Grant> grant(AttachedAgent agent, Registration registration) {
        List<Registered.Grant> grants = new ArrayList<>();
        Set<LlmName> granted = new HashSet<>();
        for (Offer offer : registration.offers()) {
            String name = offer.name().value();
            if (isPublic(offer.name())) {
                granted.add(offer.name());
                grants.add(new Registered.Grant(name, Registered.Outcome.REACTIVATED, 0, null));
            } else {
                Failure why = Failure.of(Reason.NAME_FORBIDDEN, name + " is no PUBLIC Llm");
                grants.add(new Registered.Grant(name, Registered.Outcome.REFUSED, 0, why));
            }
        }
        for (Registration.Refused bad : registration.refused()) {
            grants.add(bad.place(), new Registered.Grant(bad.name(), Registered.Outcome.REFUSED, 0, bad.why()));
        }
        agent.publish(granted);
        return grants;
    }

    private boolean isPublic(LlmName name) {
        Llm row = fleet.find(name);
        return row != null && row.kind() == LlmKind.PUBLIC;
    }

    @Override
    public void heard(AttachedAgent agent) {
        agent.hear(time.now());
    }

    @Override
    public void heartbeat(AttachedAgent agent, Map<LlmName, AttachedAgent.Report> reports, int activeTasks) {
        heard(agent);
        agent.load(activeTasks);
        boolean news = agent.llms().stream()
                .anyMatch(name -> report(fleet.find(name), reports.get(name)) instanceof Step.Save);
        if ((news || agent.reportsWait()) && agent.offerReports(reports)) {
            fleet.insist("report of a PUBLIC Llm", () -> {
                Map<LlmName, AttachedAgent.Report> latest = agent.takeReports();
                if (agent == attached) {
                    agent.llms().forEach(name -> fleet.decide(name, row -> report(row, latest.get(name))));
                }
            });
        }
    }

    private Step report(@Nullable Llm row, AttachedAgent.@Nullable Report report) {
        return row == null || row.kind() != LlmKind.PUBLIC || report == null
                ? new Step.Keep("nothing said of a PUBLIC Llm")
                : Lifecycle.report(row, report.status(), report.reason(), time.now());
    }

    /** The rows stay as they are: it is back in a moment, or the server ends. */
    @Override
    public void disconnected(AttachedAgent agent, String why, boolean mayReturn) {
        fleet.onLane(() -> {
            if (agent == attached) {
                attached = null;
                log.debug("the server's own agent is detached session={} why={}", id, why);
            }
        });
    }

    @Override
    public void late() {}

    /** The server is about to end. */
    @Override
    public void goodbye(AttachedAgent agent) {
        agent.leave();
    }
}
