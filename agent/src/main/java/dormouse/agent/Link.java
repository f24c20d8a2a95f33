package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.Heartbeat;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the agent attached to its server: one current stream, made anew when it is lost, and those before it that finish
 * their tasks after a {@code Drain}. On the loop alone.
 *
 * <pre>
 *   CONNECTING ──Registered──► ATTACHED ──lost──► WAITING ──back-off──► CONNECTING
 *                                 └──Drain──► (the stream drains aside) ──► CONNECTING
 * </pre>
 */
final class Link implements ServerStream.Listener {
    private static final Logger log = LoggerFactory.getLogger(Link.class);
    private static final Duration HEALTHY_AFTER = Duration.ofSeconds(30);
    private static final Duration OFFER_AGAIN = Duration.ofSeconds(60);
    /** What will not get better by itself is tried so seldom. */
    private static final Duration AFTER_PERMANENT_REFUSAL = Duration.ofSeconds(60);

    /** The most between two tries while tasks wait for a stream. */
    private static final Duration WITH_SUSPENDED_TASKS = Duration.ofSeconds(2);

    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    /** Who the agent is. */
    record Identity(String name, String instance, @Nullable Secret token) {}

    private final AgentParts parts;
    private final Identity identity;
    private final SessionKeeper session;
    private final RandomGenerator random;
    private final Backoff backoff;
    private final Set<ServerStream> draining = new HashSet<>();
    private final Grants grants = new Grants();
    private final Heartbeats heartbeats;
    private final SuspendedWork suspended;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private final CompletableFuture<Registered> attached = new CompletableFuture<>();
    private @Nullable ServerStream current;
    private Loop.@Nullable Timer reconnect;
    private Loop.@Nullable Timer offerAgain;
    private boolean stopping;

    Link(AgentParts parts, Identity identity, SessionKeeper session, RandomGenerator random) {
        this.parts = parts;
        this.identity = identity;
        this.session = session;
        this.random = random;
        this.suspended = new SuspendedWork(parts.loop());
        this.heartbeats = new Heartbeats(
                parts.loop(),
                () -> Heartbeat.newBuilder().addAllReports(parts.hosts().reports(grants.granted())));
        this.backoff = new Backoff(random, parts.channels().addresses());
    }

    /** Connects, and stays connected. */
    void start() {
        connect();
    }

    /** Completes with the first registration that the server answered. */
    CompletableFuture<Registered> attached() {
        return attached;
    }

    /** The set of Llms has changed: it is registered again. */
    void publish() {
        if (current != null && current.isRegistered()) {
            current.register(registration().build());
        }
    }

    /** A status has changed: the server hears of it at once. */
    void statusChanged() {
        if (current != null && current.isRegistered()) {
            heartbeats.beat(current);
        }
    }

    /** Says goodbye, lets running tasks finish for so long, and ends. */
    CompletableFuture<Void> stop(Duration within) {
        if (stopping) {
            return stopped;
        }
        stopping = true;
        suspended.drop("the agent is leaving");
        cancel(reconnect);
        cancel(offerAgain);
        ServerStream stream = current;
        if (stream != null && stream.isRegistered()) {
            log.info("leaving tasks={} within=\"{}\"", stream.activeTasks(), Spans.say(within));
            stream.goodbye(within);
        } else if (stream != null) {
            stream.lose("the agent is leaving");
        }
        parts.loop().after(within, this::cutOff);
        finishIdle();
        return stopped;
    }

    private void connect() {
        reconnect = null;
        if (stopping) {
            return;
        }
        ServerStream stream = new ServerStream(parts.channels().open(parts.loop()), parts, this);
        current = stream;
        log.debug("connecting server={}", parts.channels().describe());
        Register.Builder first = registration();
        suspended.introduce(first);
        Secret token = identity.token();
        stream.open(token == null ? null : token.fresh(), first.build());
    }

    private Register.Builder registration() {
        Register.Builder register = Register.newBuilder()
                .setAgentName(identity.name())
                .setAgentVersion(Version.text())
                .setInstanceId(identity.instance())
                .addAllLlms(parts.hosts().offers());
        session.introduce(register);
        return register;
    }

    @Override
    public void registered(ServerStream stream, Registered answer, boolean first) {
        if (stream != current) {
            return;
        }
        if (first) {
            stream.resume(suspended, answer);
        }
        session.take(answer);
        grants.take(answer);
        log.info(
                "registered server={} session={} epoch={} resumed={} llms={} refused={}",
                parts.channels().describe(),
                answer.getSessionId(),
                answer.getEpoch(),
                answer.getResumed(),
                grants.granted(),
                grants.refused());
        heartbeats.every(Spans.of(answer.getHeartbeatInterval()));
        cancel(offerAgain);
        if (!grants.refused().isEmpty()) {
            offerAgain = parts.loop().after(OFFER_AGAIN, this::publish);
        }
        attached.complete(answer);
        heartbeats.beat(stream);
    }

    @Override
    public void probed(ServerStream stream) {
        if (stream == current) {
            heartbeats.beat(stream);
        }
    }

    @Override
    public void draining(ServerStream stream, Duration reconnectWithin, Duration finishWithin) {
        if (stream != current) {
            return;
        }
        log.info(
                "server drains; connecting anew tasks={} within=\"{}\"", stream.activeTasks(), Spans.say(finishWithin));
        current = null;
        heartbeats.stop();
        forgetFailuresAfter(stream);
        stream.drain();
        draining.add(stream);
        parts.loop().after(finishWithin, () -> {
            if (draining.contains(stream)) {
                stream.lose("the server's time for finishing tasks is over");
            }
        });
        finishIdle();
        if (!stopping) {
            reconnectIn(Duration.ofMillis(random.nextLong(Math.max(0, reconnectWithin.toMillis()) + 1)));
        }
    }

    @Override
    public void idle(ServerStream stream) {
        finishIdle();
    }

    /** Ends the streams that have nothing left to do: drained ones, and on the way out the current one. */
    private void finishIdle() {
        for (ServerStream stream : List.copyOf(draining)) {
            finishIfIdle(stream);
        }
        if (!stopping) {
            return;
        }
        if (current != null) {
            finishIfIdle(current);
        } else if (draining.isEmpty()) {
            stopped.complete(null);
        }
    }

    private void finishIfIdle(ServerStream stream) {
        if (stream.isIdle() && stream.finish()) {
            parts.loop().after(LAST_WORD, () -> stream.lose("the server did not end the stream"));
        }
    }

    private void cutOff() {
        for (ServerStream stream : List.copyOf(draining)) {
            stream.lose("the time for finishing tasks is over");
        }
        if (current != null) {
            current.lose("the time for finishing tasks is over");
        }
        stopped.complete(null);
    }

    @Override
    public void ended(
            ServerStream stream,
            io.grpc.Status status,
            @Nullable Status problem,
            Map<String, InferTask> tasks,
            Duration grace) {
        if (stream == current && !stopping && !grace.isZero()) {
            suspended.hold(tasks, grace);
        } else {
            tasks.values().forEach(InferTask::abort);
        }
        if (draining.remove(stream)) {
            finishIdle();
            return;
        }
        if (stream != current) {
            return;
        }
        current = null;
        heartbeats.stop();
        cancel(offerAgain);
        if (stopping) {
            finishIdle();
            return;
        }
        forgetFailuresAfter(stream);
        boolean asNew = Refusal.of(status, problem) == Refusal.SESSION && session.discard(reason(problem));
        if (asNew) {
            suspended.drop("they were of a session that is no longer this agent's");
        }
        reconnectIn(asNew ? Duration.ZERO : delay(status, problem));
    }

    private void forgetFailuresAfter(ServerStream stream) {
        if (stream.attachedFor().compareTo(HEALTHY_AFTER) >= 0) {
            backoff.reset();
        }
    }

    /** A server that drains says when to come back, and is soon another: asking it again is no failure in a row. */
    private Duration delay(io.grpc.Status status, @Nullable Status problem) {
        Duration asked =
                problem == null ? Duration.ZERO : Problems.retryAfter(problem).orElse(Duration.ZERO);
        String said = problem == null ? Failures.say(status) : Failures.oneLine(problem.getMessage());
        if (Refusal.of(status, problem) != Refusal.PASSING) {
            Duration wait = longer(AFTER_PERMANENT_REFUSAL, asked);
            log.error(
                    "server refuses this agent server={} code={} reason={} message=\"{}\" again=\"{}\"",
                    parts.channels().describe(),
                    status.getCode(),
                    reason(problem),
                    said,
                    Spans.say(wait));
            return wait;
        }
        Duration wait = reason(problem).equals("REPLICA_DRAINING") && !asked.isZero()
                ? asked.plusMillis(random.nextLong(asked.toMillis() / 2 + 1))
                : longer(soonEnough(backoff.next()), asked);
        log.warn(
                "not attached server={} code={} message=\"{}\" again=\"{}\"",
                parts.channels().describe(),
                status.getCode(),
                said,
                Spans.say(wait));
        return wait;
    }

    /** While tasks are suspended, their grace runs. */
    private Duration soonEnough(Duration wait) {
        return suspended.isEmpty() || wait.compareTo(WITH_SUSPENDED_TASKS) <= 0 ? wait : WITH_SUSPENDED_TASKS;
    }

    private void reconnectIn(Duration delay) {
        cancel(reconnect);
        reconnect = parts.loop().after(delay, this::connect);
    }

    private static String reason(@Nullable Status problem) {
        return problem == null ? "" : Problems.reason(problem);
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    private static void cancel(Loop.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }
}
