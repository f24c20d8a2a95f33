package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.control.AttachedAgent;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Owner;
import dormouse.server.fleet.Transitions;
import dormouse.server.fleet.Trigger;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.store.Database;
import dormouse.v1.ServerMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What has to hold after every step of a {@link RandomHistory}: of the tables, of memory, and of what agents heard. */
final class HistoryChecks implements AutoCloseable {
    /** What the transition table can cause. */
    private record Cause(LlmState from, LlmState to, LlmEventType event) {}

    private static final Set<Cause> CAUSES = causes();
    private static final List<LlmName> NAMES =
            RandomHistory.NAMES.stream().map(LlmName::new).toList();

    private final Harness server;
    private final boolean storeFails;
    private final boolean lossy;
    private final Database database;
    private final Map<LlmName, Llm> replayed = new TreeMap<>();
    private final Set<String> wakes = new HashSet<>();
    private final Set<String> sleeps = new HashSet<>();
    private final Map<String, Integer> unheard = new HashMap<>();
    private long revision;

    /**
     * @param storeFails whether a change may happen of which the server learns later
     * @param lossy whether an agent may be gone, unknown to the server, when it is told something
     */
    HistoryChecks(Harness server, boolean storeFails, boolean lossy) {
        this.server = server;
        this.lossy = lossy;
        this.storeFails = storeFails;
        this.database = Database.open(server.database(), null, null);
    }

    private static Set<Cause> causes() {
        Set<Cause> causes = new HashSet<>();
        for (LlmState from : LlmState.values()) {
            for (Trigger trigger : Trigger.values()) {
                if (Transitions.of(from, trigger) instanceof Transitions.Go go) {
                    causes.add(new Cause(from, go.to(), go.event()));
                }
            }
            causes.add(new Cause(from, from, LlmEventType.UPDATED)); // offered with other words
        }
        return causes;
    }

    /** The server process has ended, and another one stands on the same tables: a wake under way is none any more. */
    void restarted() {
        replayed.replaceAll((name, row) -> row.stored());
    }

    /**
     * All of it.
     *
     * @param heard what agents have heard in this step
     * @param settled whether the server can know what its database says
     */
    void check(Collection<RandomAgent> agents, List<ServerMessage> heard, boolean settled) {
        Map<String, Integer> started = replay();
        Map<String, Integer> told = wakesTold(heard);
        if (lossy) { // what was not heard at first may be on a later stream
            started.forEach((llm, wakes) -> unheard.merge(llm, wakes, Integer::sum));
            told.forEach((llm, wakes) -> assertThat(unheard.merge(llm, -wakes, Integer::sum))
                    .as("wakes of " + llm + " that were started and not told of")
                    .isNotNegative());
        } else {
            assertThat(told)
                    .as("an agent is told to wake exactly where a wake has started")
                    .isEqualTo(started);
        }
        sleepsTold(heard);
        if (!settled) {
            return;
        }
        tablesEqualMemory();
        owners(agents);
        waiters();
    }

    /** How many wakes were told of for the first time; again is told only what is under way, to an agent's new stream. */
    private Map<String, Integer> wakesTold(List<ServerMessage> heard) {
        Map<String, Integer> told = new HashMap<>();
        for (ServerMessage message : heard) {
            if (message.hasWake() && wakes.add(message.getWake().getTaskId())) {
                told.merge(message.getWake().getLlm(), 1, Integer::sum);
            }
        }
        return told;
    }

    /** An Llm with tasks is not put to sleep; again is asked only for what is under way, of an agent's new stream. */
    private void sleepsTold(List<ServerMessage> heard) {
        for (ServerMessage message : heard) {
            if (message.hasSleep() && sleeps.add(message.getSleep().getTaskId()) && !lossy) {
                LlmName llm = new LlmName(message.getSleep().getLlm());
                assertThat(server.server().relay().busy(llm))
                        .as("tasks of " + llm + ", which is to be put to sleep")
                        .isZero();
            }
        }
    }

    /** Every event follows from what was before it, with the next revision; how many wakes have started, by name. */
    private Map<String, Integer> replay() {
        Map<String, Integer> started = new HashMap<>();
        List<LlmEvent> events;
        do {
            events = database.llms().eventsAfter(revision, null, 500);
            for (LlmEvent event : events) {
                assertThat(event.revision())
                        .as("the revision after " + revision)
                        .isEqualTo(revision + 1);
                revision = event.revision();
                follow(event);
                if (event.type() == LlmEventType.WAKE_STARTED && !event.detail().equals(Lifecycle.WAKES_ON)) {
                    started.merge(event.llm().name().value(), 1, Integer::sum);
                }
            }
        } while (events.size() == 500);
        return started;
    }

    private void follow(LlmEvent event) {
        Llm row = event.llm();
        Llm before = replayed.get(row.name());
        boolean deleted = event.type() == LlmEventType.DELETED;
        LlmState from = before == null ? LlmState.ABSENT : before.state();
        LlmState to = deleted ? LlmState.ABSENT : row.state();
        // A wake that was saved and not heard of is none: the server goes on from the sleeper.
        assertThat(CAUSES)
                .as("causes of " + event)
                .containsAnyOf(
                        new Cause(from, to, event.type()),
                        new Cause(storeFails ? from.stored() : from, to, event.type()));
        if (before != null) {
            assertThat(row.createTime()).as("the age of " + event).isEqualTo(before.createTime());
            Owner old = owner(before);
            Owner now = owner(row);
            boolean adopted = event.type() == LlmEventType.ADOPTED;
            assertThat(now.epoch()).as("owner epoch of " + event).isEqualTo(old.epoch() + (adopted ? 1 : 0));
            assertThat(now.session().equals(old.session()))
                    .as("owner of " + event)
                    .isEqualTo(!adopted);
        }
        if (deleted) {
            replayed.remove(row.name());
        } else {
            replayed.put(row.name(), row);
        }
    }

    private static Owner owner(Llm row) {
        Owner owner = row.owner();
        assertThat(owner).as("owner of " + row).isNotNull();
        return owner;
    }

    private void tablesEqualMemory() {
        LlmStore.Snapshot tables = database.llms().load();
        List<Llm> memory = List.copyOf(server.server().fleet().all());
        assertThat(server.server().fleet().revision())
                .isEqualTo(tables.revision())
                .isEqualTo(revision);
        assertThat(memory)
                .extracting(Llm::name)
                .isEqualTo(tables.llms().stream().map(Llm::name).toList());
        for (int i = 0; i < memory.size(); i++) {
            assertThat(memory.get(i).stored())
                    .as("a row in memory and in the table")
                    .isEqualTo(tables.llms().get(i));
        }
        assertThat(tables.llms()).extracting(Llm::state).doesNotContain(LlmState.WAKING);
        List<LlmState> states = new ArrayList<>();
        replayed.values().forEach(row -> states.add(storeFails ? row.state().stored() : row.state()));
        assertThat(memory)
                .extracting(row -> storeFails ? row.state().stored() : row.state())
                .as("memory and history")
                .isEqualTo(states);
    }

    /** An Llm that is not away is served by the open stream of the one session that owns it. */
    private void owners(Collection<RandomAgent> agents) {
        for (Llm row : server.server().fleet().all()) {
            if (!row.state().publisherAway()) {
                String session = owner(row).session().value();
                assertThat(agents.stream().filter(agent -> agent.serves(session)))
                        .as("agents that serve " + row)
                        .hasSize(1);
                AttachedAgent attached = server.server().sessions().agentOf(row);
                assertThat(attached).as("stream of " + row).isNotNull();
                assertThat(attached.llms()).as("names of the stream").contains(row.name());
            }
        }
        for (AttachedAgent attached : server.server().sessions().attached()) {
            String session = attached.session().value();
            List<RandomAgent> behind =
                    agents.stream().filter(agent -> agent.attached(session)).toList();
            assertThat(behind)
                    .as("agents behind the attached session " + session)
                    .isNotEmpty();
            // those that leave finish their tasks beside the one that has their place
            assertThat(behind.stream().filter(agent -> agent.serves(session)))
                    .as("of the agents " + behind + " those that serve the session " + session)
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    /** Nobody waits for what will not come. */
    private void waiters() {
        for (LlmName name : NAMES) {
            Llm row = server.server().fleet().find(name);
            int queued = server.server().relay().queued(name);
            int waking = server.server().wakeGate().waiting(name);
            int running = server.server().relay().running(name);
            if (row != null && server.server().sessions().mayReturn(row)) {
                continue; // they wait for its agent
            }
            String as = name + " with queued=" + queued + " waking=" + waking + " running=" + running + ": " + row;
            if (row == null || row.status() != LlmStatus.WAKING) {
                assertThat(waking).as(as).isZero();
            }
            if (row == null || row.status() == LlmStatus.INACTIVE) {
                assertThat(server.server().sleeps().waiting(name)).as(as).isZero();
            }
            if (row == null || row.status() != LlmStatus.ACTIVE) {
                assertThat(queued).as(as).isZero();
            } else {
                assertThat(queued == 0 || running >= row.spec().concurrency())
                        .as(as)
                        .isTrue();
            }
        }
    }

    /** How many tasks have a row of usage. */
    long tasksKept() {
        return database.usage()
                .sum(new UsageQuery(null, null, Set.of(), null), 1)
                .get(0)
                .tasks();
    }

    /** When all agents have been gone for long enough. */
    void nothingRemains() {
        assertThat(server.server().fleet().all()).isEmpty();
        assertThat(database.llms().load().llms()).isEmpty();
        assertThat(server.server().sessions().attached()).isEmpty();
        assertThat(Leftovers.of(server.server()))
                .as("what the server still holds")
                .isEmpty();
        assertThat(server.remains())
                .allSatisfy(
                        (what, count) -> assertThat(count.longValue()).as(what).isZero());
        for (LlmName name : NAMES) {
            assertThat(server.server().relay().running(name))
                    .as("running " + name)
                    .isZero();
        }
    }

    @Override
    public void close() {
        database.close();
    }
}
