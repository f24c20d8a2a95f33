package dormouse.cli;

import dormouse.v1.Agent;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListAgentsResponse;
import io.grpc.StatusException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dormouse agents}. */
@Command(name = "agents", description = "Lists the agents.")
final class AgentsCommand implements Callable<Integer> {
    static final int PAGE = 1_000;
    private static final List<String> HEAD =
            List.of("NAME", "CONNECTED", "LLMS", "TASKS", "HEARTBEAT", "AGE", "SESSION");
    private static final List<String> WIDE = List.of("EPOCH", "VERSION", "PRINCIPAL", "REPLICA");
    private static final Map<String, String> COLOURS = Map.of("yes", Ansi.GREEN, "no", Ansi.RED);

    private final Dormouse dormouse;

    @Mixin
    private final FormatOption output = new FormatOption();

    AgentsCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        List<Agent> agents = new ArrayList<>();
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            String page = "";
            do {
                ListAgentsResponse response = client.await(
                        client.admin()
                                .listAgents(ListAgentsRequest.newBuilder()
                                        .setPageSize(PAGE)
                                        .setPageToken(page)
                                        .build()),
                        progress::waiting);
                agents.addAll(response.getAgentsList());
                page = response.getNextPageToken();
            } while (!page.isEmpty());
            progress.done();
        }
        print(agents);
        return ExitCode.DONE;
    }

    private void print(List<Agent> agents) {
        Console console = dormouse.console();
        Output out = console.out();
        switch (output.format) {
            case TABLE, WIDE -> {
                table(agents, console).print(out);
                if (agents.isEmpty()) {
                    console.tell("No agents.");
                }
            }
            case JSON -> out.println(Documents.json(document(agents)));
            case YAML -> out.print(Documents.yaml(document(agents)));
            case NAME -> agents.forEach(agent -> out.println(Printable.line(agent.getName())));
        }
        out.flush();
    }

    private Table table(List<Agent> agents, Console console) {
        boolean wide = output.format == Format.WIDE;
        List<String> head = new ArrayList<>(HEAD);
        if (wide) {
            head.addAll(WIDE);
        }
        Table table = new Table(head);
        Instant now = console.clock().instant();
        for (Agent agent : agents) {
            List<String> row = new ArrayList<>(List.of(
                    agent.getName(),
                    agent.getConnected() ? "yes" : "no",
                    Integer.toString(agent.getLlms()),
                    Integer.toString(agent.getActiveTasks()),
                    Times.ago(agent.hasLastHeartbeatTime() ? agent.getLastHeartbeatTime() : null, now),
                    Times.ago(agent.hasConnectTime() ? agent.getConnectTime() : null, now),
                    agent.getSessionId()));
            if (wide) {
                row.addAll(List.of(
                        Long.toString(agent.getEpoch()),
                        agent.getVersion(),
                        agent.getPrincipal(),
                        agent.getReplicaId()));
            }
            table.add(row);
        }
        return console.terminal().liveOut() ? table.colour(COLOURS) : table;
    }

    private static Map<String, Object> document(List<Agent> agents) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("agents", agents.stream().map(AgentsCommand::fields).toList());
        return document;
    }

    private static Map<String, @Nullable Object> fields(Agent agent) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("name", agent.getName());
        fields.put("sessionId", agent.getSessionId());
        fields.put("connected", agent.getConnected());
        fields.put("llms", agent.getLlms());
        fields.put("activeTasks", agent.getActiveTasks());
        fields.put("epoch", agent.getEpoch());
        fields.put("version", LlmFields.orNull(agent.getVersion()));
        fields.put("principal", LlmFields.orNull(agent.getPrincipal()));
        fields.put("replica", LlmFields.orNull(agent.getReplicaId()));
        fields.put("connectTime", LlmFields.time(agent.hasConnectTime(), agent.getConnectTime()));
        fields.put("lastHeartbeatTime", LlmFields.time(agent.hasLastHeartbeatTime(), agent.getLastHeartbeatTime()));
        return fields;
    }
}
