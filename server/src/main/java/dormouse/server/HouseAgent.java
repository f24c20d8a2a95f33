package dormouse.server;

import dormouse.agent.Agent;
import dormouse.agent.AgentConfig;
import dormouse.agent.BackendType;
import dormouse.agent.ChannelSource;
import dormouse.agent.LlmConfig;
import dormouse.server.control.PublicLlms;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmName;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executor;
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
 * within the process, so that a task goes the same way whoever's its Llm is. It begins with the first Llm that is
 * declared; a server without any pays nothing. What it does itself (starting, reading keys) is done on its own thread.
 */
final class HouseAgent implements PublicLlms.Host, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HouseAgent.class);
    private static final Duration ATTACHED_WITHIN = Duration.ofSeconds(10);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);
    private static final Duration PROBE = Duration.ofSeconds(2);

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

    private final Ground ground;
    private final BackendKeys keys;
    private final BindableService link;
    private final BiConsumer<LlmName, String> unserved;
    private final ScheduledThreadPoolExecutor thread;
    private @Nullable Wanted wanted; // under this
    private boolean begun; // under this
    // What follows is of the thread.
    private final Map<LlmName, String> complaints = new HashMap<>();
    private List<Declaration> declared = List.of();
    private List<LlmConfig> served = List.of();
    private @Nullable Vertx vertx;
    private io.grpc.@Nullable Server door;
    private @Nullable Agent agent;

    /**
     * @param link where it connects, and nobody else
     * @param unserved hears of an Llm that can't be served, and why
     */
    HouseAgent(Ground ground, BindableService link, BiConsumer<LlmName, String> unserved) {
        this.ground = ground;
        this.keys = new BackendKeys(ground.environment());
        this.link = link;
        this.unserved = unserved;
        this.thread = new ScheduledThreadPoolExecutor(1, Threads.named("dormouse-house"));
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public @Nullable String check(Declaration declaration) {
        if (address(declaration) == null) {
            return "url: " + Declaration.URL_RULE;
        }
        return keys.find(declaration) instanceof BackendKeys.Missing missing ? missing.why() : null;
    }

    @Override
    public void serve(List<Declaration> latest, Runnable then) {
        synchronized (this) {
            if (!begun && latest.isEmpty()) {
                then.run();
                return;
            }
            begun = true;
            List<Runnable> all = wanted == null ? new ArrayList<>() : new ArrayList<>(wanted.then());
            boolean waits = wanted != null;
            all.add(then);
            wanted = new Wanted(latest, all);
            if (waits) {
                return;
            }
        }
        try {
            thread.execute(this::serveWanted);
        } catch (RejectedExecutionException e) {
            log.debug("the server ends: nothing is served any more");
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
        Agent running = agent == null ? begin() : agent;
        agent = running;
        refresh();
        running.attached()
                .copy()
                .orTimeout(ATTACHED_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((registered, late) -> now.then().forEach(Runnable::run));
    }

    /** Reads the keys, and has the agent publish what has changed. */
    private void refresh() {
        List<LlmConfig> llms = new ArrayList<>();
        for (Declaration each : declared) {
            BackendKeys.Found found = keys.find(each);
            URI url = address(each);
            if (found instanceof BackendKeys.Key key && url != null) {
                complaints.remove(each.name());
                llms.add(config(each, url, key));
            } else {
                complain(each, found instanceof BackendKeys.Missing missing ? missing.why() : "url: it can't be used");
            }
        }
        if (agent != null && !llms.equals(served)) {
            served = List.copyOf(llms);
            agent.publish(served);
        }
    }

    private void complain(Declaration declaration, String why) {
        if (!why.equals(complaints.put(declaration.name(), why))) {
            log.warn("PUBLIC Llm is not served llm={} why=\"{}\"", declaration.name(), why);
        }
        unserved.accept(declaration.name(), why);
    }

    private static LlmConfig config(Declaration said, URI url, BackendKeys.Key key) {
        return new LlmConfig(
                said.name().value(),
                url,
                said.spec().model(),
                type(said.spec().type()),
                key.secret(),
                said.spec().pool(),
                said.spec().concurrency(),
                said.spec().labels(),
                new LlmConfig.Available(null, PROBE),
                null,
                null,
                null);
    }

    private static BackendType type(String word) {
        for (BackendType type : BackendType.values()) {
            if (type.toString().equals(word)) {
                return type;
            }
        }
        return BackendType.OPENAI;
    }

    private static @Nullable URI address(Declaration declaration) {
        try {
            URI url = new URI(declaration.url());
            return url.getHost() == null ? null : url;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** It attaches before it asks any backend, so that a slow one holds up nothing. */
    private Agent begin() {
        Vertx loops = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        vertx = loops;
        String name = InProcessServerBuilder.generateName();
        try {
            door = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .addService(link)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is opened within a process that could fail", e);
        }
        AgentConfig config =
                new AgentConfig(List.of("in-process"), null, null, "the server itself", Path.of(""), false, List.of());
        thread.scheduleWithFixedDelay(
                this::refresh,
                ground.checkInterval().toMillis(),
                ground.checkInterval().toMillis(),
                TimeUnit.MILLISECONDS);
        return Agent.start(
                config, new Agent.Environment(loops, new Within(name), new Random(), ground.checkInterval()));
    }

    /** @param name of the server's side */
    private record Within(String name) implements ChannelSource {
        @Override
        public ManagedChannel open(Executor callbacks) {
            return InProcessChannelBuilder.forName(name).executor(callbacks).build();
        }

        @Override
        public String describe() {
            return "in-process";
        }
    }

    /** Ends at once what still runs. Blocks. */
    @Override
    public void close() throws InterruptedException {
        thread.shutdown();
        if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
            log.warn("a file with a key is not to be read: not waited for any longer");
            return;
        }
        if (agent != null) {
            agent.stop(LAST_WORDS);
        }
        if (door != null) {
            door.shutdownNow();
            door.awaitTermination(1, TimeUnit.SECONDS);
        }
        if (vertx != null) {
            vertx.close()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .orTimeout(5, TimeUnit.SECONDS)
                    .exceptionally(late -> null)
                    .join();
        }
    }
}
