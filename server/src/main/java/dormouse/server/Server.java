package dormouse.server;

import dormouse.agent.LiveTls;
import dormouse.server.api.Api;
import dormouse.server.auth.Audit;
import dormouse.server.auth.Gate;
import dormouse.server.auth.Right;
import dormouse.server.auth.Tokens;
import dormouse.server.auth.Visit;
import dormouse.server.control.AgentSessions;
import dormouse.server.control.Credentials;
import dormouse.server.control.Fleet;
import dormouse.server.control.HouseSession;
import dormouse.server.control.Lane;
import dormouse.server.control.PublicLlms;
import dormouse.server.control.Sleeps;
import dormouse.server.control.Sweep;
import dormouse.server.control.Time;
import dormouse.server.control.UsageSweep;
import dormouse.server.control.WakeTimes;
import dormouse.server.control.Wakes;
import dormouse.server.door.Door;
import dormouse.server.door.FleetPages;
import dormouse.server.door.Metrics;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.WakeTimeStore;
import dormouse.server.link.AgentLink;
import dormouse.server.link.SuspendedTasks;
import dormouse.server.relay.Live;
import dormouse.server.relay.Relay;
import dormouse.server.relay.UsageLedger;
import dormouse.server.relay.WakeGate;
import dormouse.server.relay.Watches;
import dormouse.server.store.Database;
import dormouse.settings.SettingsException;
import io.grpc.BindableService;
import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server, wired: the one place where every room meets. Tests start it too, with a clock, a source of chance and a
 * transport of their own. Closed in the reverse order of its making.
 */
public final class Server implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Server.class);
    private static final Duration HEARTBEATS_TO_DISK = Duration.ofSeconds(15);
    private static final Duration AGENTS_LEAVE_WITHIN = Duration.ofSeconds(1);
    private static final int FRAME_BYTES = 16 << 10;

    /**
     * What a server stands on, and what a test puts in its place.
     *
     * @param lane where lifecycle decisions run, and may wait for the database
     * @param blocking where history is read, and usage written
     * @param reading where large bodies are read that alone say whom they are for
     * @param transport of the gRPC door
     * @param http whether the HTTP door opens; it takes a real port
     * @param tls of both doors; null: plaintext
     * @param llms puts something between the server and its database
     * @param sessions the same for what is kept of sessions
     * @param wakeTimes the same for how long wakes take
     * @param usage the same for what Llms are used for
     * @param house of the agent that serves the PUBLIC Llms
     * @param firstToken is shown the secret of the first ADMIN's token, where the server makes it
     */
    record Ground(
            Time time,
            Random random,
            Executor lane,
            Executor blocking,
            Executor reading,
            ServerBuilder<?> transport,
            boolean http,
            @Nullable LiveTls tls,
            UnaryOperator<LlmStore> llms,
            UnaryOperator<SessionStore> sessions,
            UnaryOperator<WakeTimeStore> wakeTimes,
            UnaryOperator<UsageStore> usage,
            HouseAgent.Ground house,
            Consumer<String> firstToken) {}

    private final Parts parts = new Parts();
    private final Tokens tokens;
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final WakeTimes wakeTimes;
    private final WakeGate wakeGate;
    private final UsageLedger usage;
    private final Relay relay;
    private final Sleeps sleeps;
    private final SuspendedTasks suspended;
    private final Watches watches;
    private final GrpcDoor grpc;
    private final @Nullable Door door;
    private final AtomicBoolean leaving = new AtomicBoolean();
    private boolean closed;

    /** Starts a server on this machine's clock and ports; when it returns, it can serve. */
    public static Server start(ServerConfig config) throws IOException {
        Parts ground = new Parts();
        try {
            SystemTime time = ground.add(new SystemTime());
            ExecutorService lane = Executors.newSingleThreadExecutor(Threads.named("dormouse-lane"));
            ground.add(lane::shutdownNow);
            ExecutorService blocking = new ThreadPoolExecutor(
                    2, 2, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1024), Threads.named("dormouse-store"));
            ground.add(blocking::shutdownNow);
            ExecutorService reading = new ThreadPoolExecutor(
                    1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(256), Threads.named("dormouse-reading"));
            ground.add(reading::shutdownNow);
            LiveTls tls = config.reach().openTls(ground);
            GrpcTransport transport =
                    ground.add(new GrpcTransport(config.grpc(), config.reach().connections(), tls, time));
            Server server = new Server(
                    config,
                    new Ground(
                            time,
                            new SecureRandom(),
                            lane,
                            blocking,
                            reading,
                            transport.builder(),
                            true,
                            tls,
                            UnaryOperator.identity(),
                            UnaryOperator.identity(),
                            UnaryOperator.identity(),
                            UnaryOperator.identity(),
                            HouseAgent.Ground.PROCESS,
                            TokenRounds::show));
            server.parts.addGround(ground);
            return server;
        } catch (IOException | RuntimeException e) {
            ground.close();
            throw e;
        }
    }

    /** @throws dormouse.server.fleet.StoreException where the database can't be had, saying what to do */
    Server(ServerConfig config, Ground ground) throws IOException {
        try {
            TokenRounds.check(config.auth(), ground);
            Time time = ground.time();
            Metrics metrics = new Metrics(config.metricsPerLlm(), time);
            Database database = parts.add(Database.open(
                    config.database().url(),
                    config.database().user(),
                    config.database().password(),
                    metrics));
            database.migrate();
            LlmStore llmStore = ground.llms().apply(database.llms());
            SessionStore sessionStore = ground.sessions().apply(database.sessions());

            Audit audit = new Audit(database.audit(), ground.blocking(), time.nanos());
            tokens = new Tokens(database.tokens(), config.auth(), ground.random());
            parts.add(TokenRounds.open(config.auth(), tokens, audit, ground));
            Gate gate = new Gate(config.auth(), tokens, audit);

            Credentials credentials = new Credentials(ground.random());
            fleet = new Fleet(llmStore, new Lane(ground.lane()), time);
            fleet.open(config.replica());
            PublicLlms publicLlms = new PublicLlms(fleet, llmStore, time);
            String complaint = publicLlms.open(config.llms());
            if (complaint != null) {
                throw new SettingsException("llms: " + complaint);
            }
            HouseSession house = new HouseSession(fleet, credentials, time);
            sessions = new AgentSessions(
                    fleet,
                    house,
                    sessionStore,
                    credentials,
                    time,
                    config.terms(),
                    config.resumeGrace(),
                    config.replica(),
                    config.agents());
            wakeTimes = new WakeTimes(fleet, ground.wakeTimes().apply(database.wakeTimes()));
            wakeTimes.open();
            Wakes wakes = new Wakes(fleet, sessions, credentials, wakeTimes, time);
            wakeGate = new WakeGate(fleet, wakes, config.limits().waitersPerLlm(), config.whenUnwanted());
            UsageStore usageStore = ground.usage().apply(database.usage());
            usage = new UsageLedger(
                    usageStore, this::isKnown, !config.usageRetention().isZero(), time, ground.blocking());
            usage.start();
            parts.add(usage);
            UsageSweep usageSweep = new UsageSweep(usageStore, config.usageRetention(), time, ground.blocking());
            usageSweep.start();
            parts.add(usageSweep::stop);
            relay = new Relay(fleet, sessions, wakes, wakeGate, credentials, time, config.limits(), record -> {
                usage.ended(record);
                metrics.tasks().ended(record);
            });
            metrics.observe(fleet, relay, sessions);
            sleeps = new Sleeps(
                    fleet,
                    sessions,
                    credentials,
                    time,
                    relay::busy,
                    config.limits().waitersPerLlm());
            Sweep sweep = new Sweep(
                    fleet,
                    sessions,
                    wakeTimes,
                    llmStore,
                    sessionStore,
                    time,
                    config.terms(),
                    new Sweep.Schedule(config.sweepInterval(), HEARTBEATS_TO_DISK, config.historyRetention()));
            sweep.start();
            parts.add(sweep::stop);

            watches = new Watches(fleet, llmStore, relay, time, ground.blocking());
            parts.add(watches);
            FleetPages pages = new FleetPages(
                    fleet,
                    llmStore,
                    new Live.Source(sessions, wakes, relay),
                    watches,
                    metrics,
                    config.auth().openMetrics(),
                    time,
                    ground.blocking());
            Api api = new Api(
                    fleet,
                    sessions,
                    wakes,
                    wakeGate,
                    sleeps,
                    relay,
                    watches,
                    publicLlms,
                    llmStore,
                    sessionStore,
                    database.backups(),
                    usage,
                    config.deadlines(),
                    time,
                    config.replica(),
                    tokens,
                    audit,
                    ground.blocking(),
                    ground.reading());

            AgentLink.Conditions conditions = new AgentLink.Conditions(
                    config.terms(),
                    config.limits().windowBytes(),
                    FRAME_BYTES,
                    config.reach().framesPerSecond(),
                    config.replica());
            suspended = new SuspendedTasks(time, config.resumeGrace(), config.agents());
            fleet.listen(suspended);
            SuspendedTasks none = new SuspendedTasks(time, Duration.ZERO, 0); // what runs in here is not cut off
            parts.add(HouseAgent.serve(
                    publicLlms,
                    ground.house(),
                    config.auth().keyDir(),
                    new AgentLink(
                            new AgentLink.Inside(house, wakes, sleeps, none, time), conditions, Visit::ofTheHouse)));
            List<BindableService> services = new ArrayList<>(api.services());
            services.add(new AgentLink(
                    new AgentLink.Inside(sessions, wakes, sleeps, suspended, time), conditions, AgentLink.VISIT::get));
            ground.transport().intercept(new GrpcGuard(gate, time));
            grpc = parts.add(new GrpcDoor(
                    ground.transport(),
                    Addresses.text(config.grpc()),
                    config.limits().requestBytes(),
                    services));
            door = ground.http()
                    ? new Door(
                            config.http(),
                            Reach.of(ground.tls()),
                            new Door.Ground(fleet, relay, config.deadlines(), time, leaving::get, pages, gate))
                    : null;
            if (door != null) {
                parts.add(door);
            }
            parts.add(this::letAgentsGo);
            TokenRounds.letSomebodyIn(config.auth(), tokens, ground);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    /** Whether a task can have been meant for it. */
    private boolean isKnown(LlmName name) {
        return relay.isKnown(name);
    }

    /** The gRPC door's port. */
    public int grpcPort() {
        return grpc.port();
    }

    /** Where the gRPC door is. */
    public InetSocketAddress grpcAddress(ServerConfig config) {
        return new InetSocketAddress(config.grpc().getAddress(), grpc.port());
    }

    /** Where the HTTP door is. */
    public InetSocketAddress httpAddress() {
        if (door == null) {
            throw new IllegalStateException("this server has no HTTP door");
        }
        return door.address();
    }

    /** What the HTTP door answers to GET, and what that takes; for tests. */
    Map<String, Right> httpRights() {
        return door == null ? Map.of() : door.rights();
    }

    /** The services of the gRPC door; for tests. */
    List<ServerServiceDefinition> grpcServices() {
        return grpc.services();
    }

    /** Calls that are open with a token; for tests. */
    int visits() {
        return tokens.visits();
    }

    /** Answers that clients have not read, in bytes; for tests. */
    long unread() {
        return grpc.unread().all() + (door == null ? 0 : door.unread().all());
    }

    /** What has come by gRPC of messages that are not whole, in bytes; for tests. */
    long halves() {
        return grpc.halves();
    }

    /** How many clients are connected by HTTP; for tests, and so the next ones. */
    int connections() {
        return door == null ? 0 : door.connections();
    }

    /** The tasks on their way; for tests and for those who measure. */
    Relay relay() {
        return relay;
    }

    /** What is kept of tasks that have ended. */
    UsageLedger usage() {
        return usage;
    }

    WakeGate wakeGate() {
        return wakeGate;
    }

    Sleeps sleeps() {
        return sleeps;
    }

    SuspendedTasks suspended() {
        return suspended;
    }

    Watches watches() {
        return watches;
    }

    Fleet fleet() {
        return fleet;
    }

    AgentSessions sessions() {
        return sessions;
    }

    /**
     * Goes down without cutting anything off: health says so, agents are told, what waits is refused, what runs may
     * finish. Blocks. {@link #close} is still to be called.
     *
     * @param finishWithin how long what runs may take
     */
    public void drain(Duration finishWithin) throws InterruptedException {
        log.info(
                "draining tasks={} agents={}",
                relay.tasks(),
                sessions.attached().size());
        sayNotServing();
        sessions.drain(AGENTS_LEAVE_WITHIN, finishWithin);
        suspended.stop(); // their agents are told to go elsewhere
        relay.drain();
        long until = System.nanoTime() + finishWithin.toNanos();
        while (relay.tasks() > 0 && System.nanoTime() < until) {
            Thread.sleep(20);
        }
        log.info("drained tasks={}", relay.tasks());
    }

    private void sayNotServing() {
        if (leaving.compareAndSet(false, true)) {
            grpc.sayNotServing();
        }
    }

    private void letAgentsGo() throws InterruptedException {
        sessions.drain();
        Failure why = Failure.retry(Reason.REPLICA_DRAINING, "this server is going down", Duration.ofSeconds(1));
        sessions.attached().forEach(agent -> agent.line().close(why));
        suspended.stop();
        watches.end(why);
        CountDownLatch written = new CountDownLatch(1);
        fleet.onLane(
                () -> { // behind all that the closing has handed over
                    try {
                        wakeTimes.flush();
                    } catch (StoreException e) {
                        log.debug("how long wakes took is not written cause={}", e.getMessage());
                    } finally {
                        written.countDown();
                    }
                });
        if (!written.await(5, TimeUnit.SECONDS)) {
            log.warn("the database did not take that the agents are gone");
        }
    }

    /** Waits until the server has ended. */
    public void awaitEnd() throws InterruptedException {
        grpc.awaitEnd();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            parts.close();
        }
    }
}
