package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.Infer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A whole server with its HTTP door, an agent that does what the test says, and clients on real sockets. */
final class DoorHarness implements AutoCloseable {
    private final Harness harness;
    private final ScriptedAgent agent;
    private final List<WireClient> clients = new ArrayList<>();

    private DoorHarness(Harness harness) {
        this.harness = harness;
        this.agent = harness.agent("desk");
    }

    /** @param sets keys and values, as {@code --set} has them */
    static DoorHarness start(String... sets) {
        return new DoorHarness(Harness.withDoor(sets));
    }

    Harness harness() {
        return harness;
    }

    ScriptedAgent agent() {
        return agent;
    }

    InetSocketAddress address() {
        return harness.server().httpAddress();
    }

    /** A new connection. */
    WireClient client() {
        WireClient client = WireClient.connect(address());
        clients.add(client);
        return client;
    }

    /** A new connection of a client whose kernel takes little for it. */
    WireClient tightClient() {
        WireClient client = WireClient.connect(address(), 32 << 10);
        clients.add(client);
        return client;
    }

    void advance(Duration by) {
        harness.advance(by);
    }

    /** The first task that the agent gets. */
    Infer asked() {
        return asked(1);
    }

    /** The latest task, once the agent has so many. */
    Infer asked(int tasks) {
        await().alias("tasks at the agent").until(() -> agent.infers().size() >= tasks);
        return agent.infers().get(tasks - 1);
    }

    /** The whole body of a task, for which the agent gives its window back as it comes. */
    String input(Infer task) {
        await().alias("the task's body").until(() -> {
            agent.window(task.getTaskId(), agent.input(task).size());
            return agent.input(task).size() == task.getInputBytes();
        });
        return agent.input(task).toStringUtf8();
    }

    /** Nothing is left of what clients asked for. */
    void awaitNothingLeft() {
        await().untilAsserted(() -> assertThat(harness.remains().values()).allMatch(left -> left.longValue() == 0));
    }

    @Override
    public void close() {
        clients.forEach(WireClient::close);
        harness.close();
    }
}
