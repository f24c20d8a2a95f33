package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.auth.Audit;
import dormouse.server.auth.Caller;
import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageSum;
import dormouse.server.relay.UsageLedger;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.Agent;
import dormouse.v1.BackupRequest;
import dormouse.v1.BackupResponse;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.DisconnectAgentRequest;
import dormouse.v1.DisconnectAgentResponse;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListAgentsResponse;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.ListTokensResponse;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.RevokeTokenResponse;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What an operator asks about agents, the sessions as the store has them and of those that are attached what is known; and
 * about what the Llms were used for.
 */
public final class AdminApi extends AdminServiceGrpc.AdminServiceImplBase {
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final SessionStore store;
    private final UsageLedger usage;
    private final String replica;
    private final TokenCalls tokens;
    private final Audit audit;
    private final Time time;
    private final Executor blocking;
    private final BackupStore backups;
    private final AtomicBoolean backup = new AtomicBoolean(); // whether one is under way

    AdminApi(
            Fleet fleet,
            AgentSessions sessions,
            SessionStore store,
            UsageLedger usage,
            String replica,
            TokenCalls tokens,
            Audit audit,
            Time time,
            Executor blocking,
            BackupStore backups) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.store = store;
        this.usage = usage;
        this.replica = replica;
        this.tokens = tokens;
        this.audit = audit;
        this.time = time;
        this.blocking = blocking;
        this.backups = backups;
    }

    @Override
    public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsResponse> response) {
        Answers.later(blocking, response, () -> {
            int size = PageToken.size(request.getPageSize());
            String after = request.getPageToken().isEmpty() ? "" : PageToken.key(request.getPageToken());
            List<SessionStore.Session> known = store.after(after, size + 1);
            ListAgentsResponse.Builder page = ListAgentsResponse.newBuilder();
            known.stream().limit(size).forEach(session -> page.addAgents(view(session)));
            if (known.size() > size) {
                page.setNextPageToken(PageToken.of(known.get(size - 1).id().value()));
            }
            return page.build();
        });
    }

    private Agent view(SessionStore.Session session) {
        AttachedAgent agent = sessions.find(session.id());
        return agent != null
                ? view(agent)
                : Agent.newBuilder()
                        .setSessionId(session.id().value())
                        .setName(session.agentName())
                        .setVersion(session.agentVersion())
                        .setPrincipal(session.principal())
                        .setEpoch(session.epoch())
                        .setLlms(fleet.ownedBy(session.id()).size())
                        .setLastHeartbeatTime(Times.timestamp(session.lastSeen()))
                        .build();
    }

    private Agent view(AttachedAgent agent) {
        return Agent.newBuilder()
                .setSessionId(agent.session().value())
                .setName(agent.name())
                .setVersion(agent.version())
                .setPrincipal(agent.principal())
                .setReplicaId(replica)
                .setEpoch(agent.epoch())
                .setConnected(true)
                .setLlms(agent.llms().size())
                .setActiveTasks(agent.activeTasks())
                .setConnectTime(Times.timestamp(agent.connected()))
                .setLastHeartbeatTime(Times.timestamp(agent.heard()))
                .build();
    }

    @Override
    public void disconnectAgent(DisconnectAgentRequest request, StreamObserver<DisconnectAgentResponse> response) {
        String id = request.getSessionId();
        if (!SessionId.isValid(id)) {
            response.onError(Errors.of(Reason.MALFORMED, "session_id: " + SessionId.RULE));
            return;
        }
        SessionId session = new SessionId(id);
        AttachedAgent agent = sessions.find(session);
        if (agent != null) {
            audit.done(Visits.caller(), "agent.disconnect", id, agent.name(), time.now());
            agent.line()
                    .close(Failure.retry(
                            Reason.DISCONNECTED, "an operator has disconnected this agent", Duration.ofSeconds(5)));
            response.onNext(DisconnectAgentResponse.getDefaultInstance());
            response.onCompleted();
            return;
        }
        Answers.later(blocking, response, () -> {
            if (store.find(session).isEmpty()) {
                throw Errors.of(Reason.MALFORMED, "session_id: this server knows no such session");
            }
            return DisconnectAgentResponse.getDefaultInstance();
        });
    }

    @Override
    public void createToken(CreateTokenRequest request, StreamObserver<CreateTokenResponse> response) {
        tokens.create(request, response);
    }

    @Override
    public void listTokens(ListTokensRequest request, StreamObserver<ListTokensResponse> response) {
        tokens.list(request, response);
    }

    @Override
    public void revokeToken(RevokeTokenRequest request, StreamObserver<RevokeTokenResponse> response) {
        tokens.revoke(request, response);
    }

    @Override
    public void sumUsage(SumUsageRequest request, StreamObserver<SumUsageResponse> response) {
        Caller caller = Visits.caller();
        Answers.later(blocking, response, () -> {
            UsageQuery asked = UsageSums.query(request);
            UsageQuery query = caller.role() == Role.ADMIN ? asked : asked.of(caller.id());
            List<UsageSum> sums = usage.sum(query, UsageSums.MOST + 1);
            if (sums == null) {
                throw Errors.of(UsageSums.BUSY);
            }
            return UsageSums.response(sums);
        });
    }

    @Override
    public void backup(BackupRequest request, StreamObserver<BackupResponse> response) {
        if (!backup.compareAndSet(false, true)) {
            response.onError(
                    Errors.of(Failure.retry(Reason.OVERLOADED, "another backup is under way", Duration.ofSeconds(10))));
            return;
        }
        audit.done(Visits.caller(), "backup", replica, "", time.now());
        ServerCallStreamObserver<BackupResponse> out = (ServerCallStreamObserver<BackupResponse>) response;
        new BackupCall(backups, fleet::revision, time, blocking, out, () -> backup.set(false)).start();
    }
}
