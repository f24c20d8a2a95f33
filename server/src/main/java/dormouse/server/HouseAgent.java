package dormouse.server;

import dormouse.agent.Agent;
import dormouse.agent.AgentConfig;
import dormouse.agent.LlmConfig;
import dormouse.server.control.PublicLlms;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmName;
import io.grpc.BindableService;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent inside this server, which serves the PUBLIC Llms: the same code as beside a model elsewhere, over a channel
 * within the process, so that a task goes the same way whosever its Llm is. It begins with the first Llm that is
 * declared; a server without any pays nothing. What it does itself (starting, reading keys) is done on its own thread.
 */
final class HouseAgent implements PublicLlms.Host, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HouseAgent.class);
    private static final Duration ATTACHED_WITHIN = Duration.ofSeconds(10);
    private static final Duration SERVED_WITHIN = Duration.ofSeconds(15);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);
    private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);

    /**
     * What it stands on.
     *
     * @param environment of the process: a variable's value, or null
     * @param checkInterval between two looks at a backend, and at the files that hold keys
     */
    record Ground(Function<String, @Nullable String> environment, Duration checkInterval) {
        static final Ground PROCESS = new Ground(System::getenv, Agent.Environment.CHECK_INTERVAL);
    }

    /** What is to be served, and who hears when it is. */
    private record Wanted(List<Declaration> declared, List<Runnable> then) {}

    /** What runs, once it has begun. */
    private record Running(Vertx loops, InnerDoor door, Agent agent) {}

    private final Ground ground;
    private final PublicBackends backends;
    private final BindableService link;
    private final BiConsumer<LlmName, String> unserved;
    private final ScheduledThreadPoolExecutor thread;
    private @Nullable Wanted wanted; // under this
    private boolean begun; // under this
    // What follows is of the thread.
    private final Map<LlmName, String> complaints = new HashMap<>();
    private List<Declaration> declared = List.of();
    private List<LlmConfig> served = List.of();
    private CompletableFuture<Void> published = CompletableFuture.completedFuture(null);
    private @Nullable Running running;

    private HouseAgent(
            Ground ground, @Nullable Path keyDir, BindableService link, BiConsumer<LlmName, String> unserved) {
        this.ground = ground;
        this.backends = new PublicBackends(ground.environment(), keyDir);
        this.link = link;
        this.unserved = unserved;
        this.thread = new ScheduledThreadPoolExecutor(1, Threads.named("dormouse-house"));
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        thread.setContinueExistingPeriodicTasksAfterShutdownPolicy(false);
    }

    /**
     * Has what is declared served from now on; when this returns, it is. Blocks.
     *
     * @param keyDir below which the keys' files of what was declared by a call are; null: anywhere
     * @param link where it connects, and nobody else
     */
    static HouseAgent serve(PublicLlms llms, Ground ground, @Nullable Path keyDir, BindableService link)
            throws IOException {
        HouseAgent agent = new HouseAgent(ground, keyDir, link, llms::unserved);
        CountDownLatch once = new CountDownLatch(1);
        llms.serveBy(agent, once::countDown);
        try {
            if (!once.await(SERVED_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                log.warn("the PUBLIC Llms are not served yet, going on without them");
            }
            return agent;
        } catch (InterruptedException e) {
            agent.thread.shutdownNow();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while starting", e);
        }
    }

    @Override
    public @Nullable String check(Declaration declaration) {
        return backends.of(declaration) instanceof PublicBackends.Unready unready ? unready.why() : null;
    }

    @Override
    public void serve(List<Declaration> latest, Runnable then) {
        synchronized (this) {
            if (!begun && latest.isEmpty()) {
                then.run();
                return;
            }
            begun = true;
            boolean waits = wanted != null;
            List<Runnable> all = new ArrayList<>(wanted == null ? List.of() : wanted.then());
            all.add(then);
            wanted = new Wanted(latest, all);
            if (waits) {
                return;
            }
        }
        try {
            thread.execute(() -> safely(this::serveWanted));
        } catch (RejectedExecutionException e) {
            log.debug("the server ends: nothing is served any more");
        }
    }

    private static void safely(Runnable job) {
        try {
            job.run();
        } catch (RuntimeException e) {
            log.error("the PUBLIC Llms are not served as they are declared", e);
        }
    }

    private synchronized @Nullable Wanted takeWanted() {
        Wanted taken = wanted;
        wanted = null;
        return taken;
    }

    private void serveWanted() {
        Wanted now = takeWanted();
        if (now == null) {
            return;
        }
        declared = now.declared();
        Running current = running == null ? begin() : running;
        running = current;
        refresh();
        // Attached without knowing what it serves, it would refuse the first tasks.
        CompletableFuture.allOf(current.agent().attached(), published)
                .orTimeout(ATTACHED_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((registered, late) -> now.then().forEach(Runnable::run));
    }

    /** Reads the keys, and has the agent publish what has changed. */
    private void refresh() {
        List<LlmConfig> llms = new ArrayList<>();
        complaints
                .keySet()
                .removeIf(
                        name -> declared.stream().noneMatch(each -> each.name().equals(name)));
        for (Declaration each : declared) {
            PublicBackends.Backend backend = backends.of(each);
            if (backend instanceof PublicBackends.Ready ready) {
                complaints.remove(each.name());
                llms.add(ready.llm());
            } else if (backend instanceof PublicBackends.Unready unready) {
                complain(each.name(), unready.why());
            }
        }
        if (running != null && !llms.equals(served)) {
            served = List.copyOf(llms);
            published = running.agent().publish(served);
        }
    }

    private void complain(LlmName name, String why) {
        if (!why.equals(complaints.put(name, why))) {
            log.warn("PUBLIC Llm is not served llm={} why=\"{}\"", name, why);
        }
        unserved.accept(name, why);
    }

    /** It attaches before it asks any backend, so that a slow one holds up nothing. */
    private Running begin() {
        Vertx loops = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        InnerDoor door = new InnerDoor(link);
        AgentConfig nothingYet = new AgentConfig(
                List.of(door.describe()), null, null, "the server itself", Path.of(""), false, List.of());
        long pause = ground.checkInterval().toMillis();
        thread.scheduleWithFixedDelay(() -> safely(this::refresh), pause, pause, TimeUnit.MILLISECONDS);
        Agent agent = Agent.start(nothingYet, new Agent.Environment(loops, door, new Random(), ground.checkInterval()));
        return new Running(loops, door, agent);
    }

    /** Ends at once what still runs. Blocks. */
    @Override
    public void close() throws InterruptedException {
        thread.shutdown();
        if (!thread.awaitTermination(CLOSED_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
            log.warn("a file with a key is not to be read: not waited for any longer");
            return;
        }
        if (running != null) {
            running.agent().stop(LAST_WORDS);
            running.door().close();
            running.loops()
                    .close()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .orTimeout(CLOSED_WITHIN.toSeconds(), TimeUnit.SECONDS)
                    .exceptionally(late -> null)
                    .join();
        }
    }
}
