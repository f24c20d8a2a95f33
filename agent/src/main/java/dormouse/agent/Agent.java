package dormouse.agent;

import dormouse.v1.Registered;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running agent: it publishes its Llms to a server, for as long as it isn't closed. It can run in a process of its own
 * or inside another, the server's for instance. Its methods may be called from any thread.
 */
public final class Agent implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Agent.class);
    private static final int WORKERS = 4;
    private static final int WAITING_JOBS = 20_000;
    private static final Duration LAST_JOBS = Duration.ofSeconds(2);
    private static final Duration LINGER = Duration.ofSeconds(30);
    static final Duration LOOK_TIMEOUT = Duration.ofSeconds(5);

    /**
     * What an agent is given from outside.
     *
     * @param vertx its event loops run the agent; not closed with it
     * @param channels to the server
     * @param checkInterval between two checks of a backend
     * @param clock the time of day, with the zone that quiet hours are meant in
     * @param lookInterval between two looks for servers on the local ports, where the agent discovers
     */
    public record Environment(
            Vertx vertx,
            ChannelSource channels,
            RandomGenerator random,
            Duration checkInterval,
            Clock clock,
            Duration lookInterval) {
        /** How often backends are checked by default. */
        public static final Duration CHECK_INTERVAL = Duration.ofSeconds(15);
        /** How often local ports are looked at by default. */
        public static final Duration LOOK_INTERVAL = Duration.ofSeconds(10);

        /** On the machine's own clock. */
        public Environment(Vertx vertx, ChannelSource channels, RandomGenerator random, Duration checkInterval) {
            this(vertx, channels, random, checkInterval, Clock.systemDefaultZone(), LOOK_INTERVAL);
        }
    }

    private final Loop loop;
    private final ExecutorService workers;
    private final ExecutorService files;
    private final HttpClients clients;
    private final Hosts hosts;
    private final Catalogue catalogue;
    private final Link link;

    private Agent(AgentConfig config, Environment environment, SessionStore sessions, @Nullable Session session) {
        loop = new VertxLoop(environment.vertx());
        workers = threads("worker", WORKERS);
        files = threads("files", 1);
        clients = new HttpClients(environment.vertx());
        HttpCaller http = new HttpCaller(clients, loop);
        LlmHost.Surroundings around = new LlmHost.Surroundings(
                loop,
                new Prober(http)::probe,
                new RecipeRunner(http, loop, workers),
                environment.checkInterval(),
                environment.clock(),
                this::statusChanged);
        hosts = new Hosts(llm -> new LlmHost(llm, around));
        PortLook look = new PortLook(http, LOOK_TIMEOUT);
        catalogue = new Catalogue(
                changed -> new Discovery(loop, config.discoverPorts(), environment.lookInterval(), look::look, changed),
                this::publish);
        AgentParts parts = new AgentParts(
                loop,
                workers,
                new HttpBackend(clients),
                hosts,
                new BodyBudget(),
                environment.channels(),
                new Errands());
        Link.Identity identity =
                new Link.Identity(config.name(), UUID.randomUUID().toString(), config.token());
        link = new Link(parts, identity, new SessionKeeper(sessions, session, files), environment.random());
    }

    /** Starts an agent whose session lives as long as it: for use inside another process. */
    public static Agent start(AgentConfig config, Environment environment) {
        try {
            return start(config, environment, SessionStore.inMemory());
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
    }

    /**
     * Starts an agent: looks for servers where it discovers, asks each backend whether it answers, then connects.
     *
     * @throws IOException the session of an earlier run cannot be read
     */
    static Agent start(AgentConfig config, Environment environment, SessionStore sessions) throws IOException {
        Agent agent = new Agent(config, environment, sessions, sessions.load());
        agent.loop.execute(() -> Then.handle(
                agent.catalogue
                        .list(config.llms(), config.discover())
                        .thenCompose(listed -> agent.hosts.publish(agent.catalogue.llms())),
                (asked, failure) -> agent.link.start()));
        return agent;
    }

    /**
     * Publishes these Llms from now on and no others; running tasks finish as they began.
     *
     * @return completes when a task for any of them would be taken; the backends have not been asked by then
     */
    public CompletableFuture<Void> publish(List<LlmConfig> llms) {
        return publish(llms, false);
    }

    /** Publishes these Llms, with those that it discovers where it is to, and no others. */
    CompletableFuture<Void> publish(List<LlmConfig> llms, boolean discover) {
        CompletableFuture<Void> known = new CompletableFuture<>();
        loop.execute(() -> Then.handle(catalogue.list(llms, discover), (listed, failure) -> {
            publish();
            known.complete(null);
        }));
        return known;
    }

    private void publish() {
        Then.handle(hosts.publish(catalogue.llms()), (asked, failure) -> link.publish());
    }

    /** Completes with the first registration that the server answered. */
    public CompletableFuture<Registered> attached() {
        return link.attached();
    }

    /**
     * Says goodbye, lets running tasks finish for up to so long, and ends. Blocks until then.
     *
     * @return whether it ended in time
     */
    public boolean stop(Duration within) {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        loop.execute(() -> Then.handle(link.stop(within), (done, failure) -> stopped.complete(null)));
        boolean inTime = true;
        try {
            stopped.get(within.plusSeconds(5).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.error("agent did not stop in time", e);
            inTime = false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            inTime = false;
        }
        CompletableFuture<Void> released = new CompletableFuture<>();
        loop.execute(() -> {
            catalogue.close();
            hosts.close();
            clients.close();
            released.complete(null);
        });
        released.orTimeout(1, TimeUnit.SECONDS).exceptionally(late -> null).join();
        finish(workers);
        finish(files);
        return inTime;
    }

    @Override
    public void close() {
        stop(LINGER);
    }

    /** What was begun, a session's writing or a command's end, is done before the process may be gone. */
    private static void finish(ExecutorService threads) {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(LAST_JOBS.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("jobs of the agent are still running");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void statusChanged() {
        link.statusChanged();
    }

    /** A few threads, and room for more jobs than the tasks and wakes of an agent can make. */
    private static ExecutorService threads(String role, int count) {
        AtomicInteger made = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                count, count, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING_JOBS), job -> {
                    Thread thread = new Thread(job, "dormouse-agent-" + role + "-" + made.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
