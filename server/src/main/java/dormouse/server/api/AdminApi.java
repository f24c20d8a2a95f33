package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.Agent;
import dormouse.v1.DisconnectAgentRequest;
import dormouse.v1.DisconnectAgentResponse;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListAgentsResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/** What an operator asks about agents. */
public final class AdminApi extends AdminServiceGrpc.AdminServiceImplBase {
    private final AgentSessions sessions;
    private final String replica;

    AdminApi(AgentSessions sessions, String replica) {
        this.sessions = sessions;
        this.replica = replica;
    }

    @Override
    public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsResponse> response) {
        try {
            int size = PageToken.size(request.getPageSize());
            String after = request.getPageToken().isEmpty() ? "" : PageToken.key(request.getPageToken());
            List<AttachedAgent> rest = sessions.attached().stream()
                    .filter(agent -> agent.session().value().compareTo(after) > 0)
                    .sorted(Comparator.comparing(agent -> agent.session().value()))
                    .limit(size + 1L)
                    .toList();
            ListAgentsResponse.Builder page = ListAgentsResponse.newBuilder();
            rest.stream().limit(size).forEach(agent -> page.addAgents(view(agent)));
            if (rest.size() > size) {
                page.setNextPageToken(PageToken.of(rest.get(size - 1).session().value()));
            }
            response.onNext(page.build());
            response.onCompleted();
        } catch (StatusRuntimeException e) {
            response.onError(e);
        }
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
        AttachedAgent agent = id.isEmpty() || id.length() > 64 ? null : sessions.find(new SessionId(id));
        if (agent == null) {
            response.onError(Errors.of(Reason.MALFORMED, "session_id: no agent with this session is connected"));
            return;
        }
        agent.line()
                .close(Failure.retry(
                        Reason.DISCONNECTED, "an operator has disconnected this agent", Duration.ofSeconds(5)));
        response.onNext(DisconnectAgentResponse.getDefaultInstance());
        response.onCompleted();
    }
}
