package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.relay.IdleMembers;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.DisconnectAgentRequest;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.Llm;
import dormouse.v1.ServerMessage;
import dormouse.v1.WakeProgress;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A server with agents and clients that do, by chance, whatever they can do; after each step {@link HistoryChecks} looks.
 * The same seed gives the same history.
 */
final class RandomHistory implements AutoCloseable {
    static final List<String> NAMES = List.of("alder", "birch", "cedar", "dogwood", "elm");

    private static final Duration[] MOVES = {
        Duration.ofMillis(10),
        Duration.ofMillis(10),
        Duration.ofMillis(100),
        Duration.ofMillis(900),
        Duration.ofMillis(900),
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        Duration.ofSeconds(20),
        Duration.ofSeconds(31),
        Duration.ofSeconds(61),
        Duration.ofSeconds(71),
        Duration.ofSeconds(91),
        Duration.ofMinutes(10)
    };

    private final Random random;
    private final Harness server;
    private final Complaints complaints = new Complaints();
    private final HistoryChecks checks;
    private final HistoryWatch watch;
    private final List<RandomAgent> agents = new ArrayList<>();
    private final List<InferProbe> infers = new ArrayList<>();
    private final List<Probe<WakeProgress>> wakes = new ArrayList<>();
    private final List<Probe<Llm>> sleeps = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final String pool;
    private final boolean storeFails;
    private final boolean laneWaits;
    private boolean unsettled;
    private boolean wasKilled;
    private ManagedChannel channel;
    private int answered;

    RandomHistory(long seed) {
        this(seed, "");
    }

    /** @param pool to which most Llms belong, and most infers go; empty: none */
    RandomHistory(long seed, String pool) {
        this.pool = pool;
        random = new Random(seed);
        server = Harness.start(
                "wake.whenUnwanted=" + (random.nextBoolean() ? "CONTINUE" : "CANCEL"),
                "limits.queuePerLlm=" + (1 + random.nextInt(4)),
                "limits.waitersPerLlm=" + (1 + random.nextInt(4)));
        int kind = random.nextInt(3);
        storeFails = kind == 0;
        laneWaits = kind == 1;
        checks = new HistoryChecks(server, storeFails, storeFails || laneWaits);
        watch = new HistoryWatch(server);
        channel = server.channel();
        for (String name : List.of("ana", "bob", "cleo", "dan")) {
            agents.add(new RandomAgent(name, NAMES, pool, random));
        }
    }

    /** @throws AssertionError with the last steps, where something does not hold */
    void run(int steps) {
        try {
            for (int i = 0; i < steps; i++) {
                told.add(step());
                check();
            }
            end();
        } catch (AssertionError | RuntimeException e) {
            int from = Math.max(0, told.size() - 25);
            throw new AssertionError(
                    firstLines(e) + "\nafter step " + told.size() + ", of which the last are\n  "
                            + String.join("\n  ", told.subList(from, told.size())),
                    e);
        }
    }

    private static String firstLines(Throwable e) {
        String message = String.valueOf(e.getMessage());
        return message.length() > 1500 ? message.substring(0, 1500) + "…" : message;
    }

    /** What has become of the infers, for a person to see that something happened. */
    String summary() {
        Map<String, Integer> ends = new LinkedHashMap<>();
        infers.forEach(infer -> ends.merge(
                infer.completed() ? "answered" : infer.reason().isEmpty() ? "left" : infer.reason(), 1, Integer::sum));
        Map<String, Integer> rests = new LinkedHashMap<>();
        sleeps.forEach(sleep -> rests.merge(
                sleep.completed() ? "asleep" : sleep.reason().isEmpty() ? "left" : sleep.reason(), 1, Integer::sum));
        int resumed = agents.stream().mapToInt(RandomAgent::resumed).sum();
        return infers.size() + " infers: " + ends + ", " + resumed + " times resumed, " + sleeps.size()
                + " sleeps by hand: " + rests;
    }

    private void check() {
        List<ServerMessage> heard = new ArrayList<>();
        agents.forEach(agent -> heard.addAll(agent.listen()));
        checks.check(agents, heard, !unsettled);
        watch.check(!unsettled);
        if (!pool.isEmpty() && !unsettled) {
            assertThat(IdleMembers.of(server.relay(), new LlmName(pool)))
                    .as("members with room for somebody who waits")
                    .isEmpty();
        }
        assertThat(complaints.errors()).as("errors logged").isEmpty();
        while (answered < infers.size() && infers.get(answered).over()) {
            whole(infers.get(answered++));
        }
    }

    private static void whole(InferProbe infer) {
        if (infer.completed()) {
            assertThat(infer.text())
                    .satisfies(text -> assertThat(RandomAgent.isWhole(text))
                            .as("whole: " + text.substring(0, Math.min(60, text.length())))
                            .isTrue());
        }
    }

    private String step() {
        int dice = random.nextInt(100);
        if (dice < 10) {
            return move();
        }
        if (dice < 35) {
            return client();
        }
        if (dice < 36) {
            return random.nextInt(3) == 0 ? anew() : move();
        }
        if (dice < 39 && storeFails) {
            return store();
        }
        if (dice < 48 && laneWaits) {
            return lane();
        }
        List<RandomAgent> busy = agents.stream()
                .filter(agent ->
                        dice < 60 ? agent.hasTasks() : dice < 72 ? agent.hasWakes() : dice < 78 && agent.hasSleeps())
                .toList();
        if (!busy.isEmpty()) {
            RandomAgent agent = busy.get(random.nextInt(busy.size()));
            return dice < 60 ? agent.work() : dice < 72 ? agent.answerWake() : agent.answerSleep();
        }
        RandomAgent agent = agents.get(random.nextInt(agents.size()));
        return agent.open() ? idle(agent) : arrive(agent);
    }

    /** It comes back, or as a copy of one that is there. */
    private String arrive(RandomAgent agent) {
        List<RandomAgent> there = agents.stream()
                .filter(each -> each.open() && each.attached(each.agent().session()))
                .toList();
        return there.isEmpty() || random.nextInt(4) > 0
                ? agent.connect(channel, unsettled)
                : agent.copy(there.get(random.nextInt(there.size())), channel);
    }

    private String idle(RandomAgent agent) {
        return switch (random.nextInt(20)) {
            case 0 -> agent.connect(channel, unsettled);
            case 1 -> agent.cut();
            case 2 -> random.nextBoolean() ? agent.complete() : agent.goodbye();
            case 3 -> random.nextBoolean() ? disconnect(agent) : agent.heartbeat(5);
            case 4, 5, 6, 7 -> agent + " " + agent.register();
            case 8, 9, 10, 11, 12 -> agent.heartbeat(9);
            default -> agent.heartbeat(10);
        };
    }

    private String move() {
        if (random.nextInt(40) == 0) {
            server.advance(Duration.ofHours(5));
            return "five hours pass";
        }
        Duration by = MOVES[random.nextInt(MOVES.length)];
        int beats = random.nextInt(4) == 0 ? 0 : (int) (by.toSeconds() / 30);
        for (int i = 0; i < beats; i++) {
            server.advance(by.dividedBy(beats));
            agents.stream().filter(RandomAgent::open).forEach(agent -> agent.heartbeat(10));
        }
        if (beats == 0) {
            server.advance(by);
        }
        return by + " pass" + (beats > 0 ? " with heartbeats" : "");
    }

    private String client() {
        String llm = wanted();
        switch (random.nextInt(10)) {
            case 0 -> {
                List<InferProbe> open =
                        infers.stream().filter(infer -> !infer.over()).toList();
                if (!open.isEmpty()) {
                    InferProbe infer = open.get(random.nextInt(open.size()));
                    infer.cancel();
                    return "infer " + infers.indexOf(infer) + " is cancelled";
                }
            }
            case 1 -> {
                List<InferProbe> open =
                        infers.stream().filter(infer -> !infer.over()).toList();
                if (!open.isEmpty()) {
                    InferProbe infer = open.get(random.nextInt(open.size()));
                    infer.take(1 + random.nextInt(5));
                    return "infer " + infers.indexOf(infer) + " takes more";
                }
            }
            case 2 -> {
                List<Probe<WakeProgress>> open =
                        wakes.stream().filter(Probe::open).toList();
                if (!open.isEmpty() && random.nextBoolean()) {
                    open.get(random.nextInt(open.size())).cancel();
                    return "a wake by hand is cancelled";
                }
                wakes.add(server.wake(llm));
                return llm + " is to be woken by hand";
            }
            case 3, 4 -> {
                List<Probe<Llm>> open = sleeps.stream().filter(Probe::open).toList();
                if (!open.isEmpty() && random.nextInt(3) == 0) {
                    open.get(random.nextInt(open.size())).cancel();
                    return "a sleep by hand is cancelled";
                }
                sleeps.add(server.sleep(llm));
                return llm + " is to be put to sleep by hand";
            }
            default -> {}
        }
        boolean slow = random.nextInt(5) == 0;
        infers.add(new InferProbe(
                InferenceServiceGrpc.newStub(channel),
                InferRequest.newBuilder()
                        .setLlm(llm)
                        .setInput(ByteString.copyFromUtf8(body()))
                        .build(),
                slow ? 1 + random.nextInt(4) : 1_000_000));
        return "infer " + (infers.size() - 1) + " of " + llm + (slow ? ", slowly" : "");
    }

    private String body() {
        if (!pool.isEmpty() && random.nextBoolean()) {
            String talk = ("{\"of\":" + random.nextInt(3) + "},").repeat(1 + random.nextInt(9));
            return "{\"messages\":[" + talk.substring(0, talk.length() - 1) + "]}";
        }
        return "x".repeat(random.nextInt(10) == 0 ? 100_000 : 10);
    }

    /** Any name, but rather one that can be had. */
    private String wanted() {
        if (!pool.isEmpty() && random.nextInt(3) > 0) {
            return pool;
        }
        List<String> awake = server.server().fleet().all().stream()
                .filter(row -> row.status() != LlmStatus.INACTIVE)
                .map(row -> row.name().value())
                .toList();
        if (awake.isEmpty() || random.nextInt(6) == 0) {
            return random.nextInt(5) == 0 ? "nobody" : NAMES.get(random.nextInt(NAMES.size()));
        }
        return awake.get(random.nextInt(awake.size()));
    }

    private String disconnect(RandomAgent agent) {
        String session = agent.agent().session();
        if (server.server().sessions().attached().stream()
                .noneMatch(attached -> attached.session().value().equals(session))) {
            return "nothing";
        }
        AdminServiceGrpc.newBlockingStub(channel)
                .disconnectAgent(DisconnectAgentRequest.newBuilder()
                        .setSessionId(session)
                        .build());
        return agent + " is disconnected by the operator";
    }

    /** The server goes, in order or not, and comes back. */
    private String anew() {
        if (unsettled) {
            told.add(settle());
            check();
        }
        boolean killed = random.nextBoolean();
        if (killed) {
            server.kill();
            wasKilled = true;
            checks.restarted();
        } else {
            server.restart();
        }
        channel = server.channel();
        return killed ? "the server is killed" : "the server is restarted";
    }

    /** The database goes away, or has taken a change and cannot say so; or it is back and all has been made up for. */
    private String store() {
        if (unsettled) {
            return settle();
        }
        unsettled = true;
        if (random.nextBoolean()) {
            server.stores().away();
            return "the database is away";
        }
        server.stores().loseTheNextReply();
        return "the database's next reply will be lost";
    }

    /** What is decided and saved waits, while messages, calls and clocks go on; or it has all been done. */
    private String lane() {
        if (unsettled) {
            return settle();
        }
        unsettled = true;
        server.lane().hold();
        return "the lane waits";
    }

    private String settle() {
        server.lane().letGo();
        if (laneWaits) {
            unsettled = false;
            return "the lane has caught up";
        }
        server.stores().back();
        for (int i = 0; i < 20 && server.stores().faulty() && agents.stream().anyMatch(RandomAgent::open); i++) {
            server.advance(Duration.ofSeconds(16)); // until the reply that is to be lost has been lost
        }
        server.stores().loseNoReply(); // nobody who is there owns anything that could change
        server.advance(Duration.ofSeconds(16)); // until somebody tries again, at the latest
        unsettled = false;
        return "the database is itself again";
    }

    private void end() {
        told.add(settle());
        check();
        agents.stream().filter(RandomAgent::open).forEach(RandomAgent::cut);
        told.add("all agents are cut");
        check();
        server.advance(Duration.ofMinutes(31));
        told.add("31 minutes pass");
        check();
        infers.forEach(infer -> infer.take(1000)); // the slow ones: their end stands behind what they have not taken
        for (int i = 0; i < infers.size(); i++) {
            assertThat(infers.get(i).over()).as("infer " + i + " is over").isTrue();
        }
        assertThat(wakes).noneMatch(Probe::open);
        assertThat(sleeps).noneMatch(Probe::open);
        infers.forEach(RandomHistory::whole);
        server.advance(Duration.ofHours(5));
        told.add("five hours pass");
        check();
        long ended = infers.stream()
                .filter(infer -> !infer.reason().equals("LLM_NOT_FOUND"))
                .count();
        assertThat(checks.tasksKept())
                .as("rows of usage, of " + ended + " tasks")
                .isBetween(wasKilled ? 0 : ended, ended);
        watch.end();
        checks.nothingRemains();
        assertThat(server.time().alarms()).as("alarms").isEqualTo(Harness.ALARMS_AT_REST);
    }

    @Override
    public void close() {
        complaints.close();
        checks.close();
        server.close();
    }
}
