package dormouse.server;

import com.google.protobuf.ByteString;
import dormouse.contract.Times;
import dormouse.server.relay.Relay;
import dormouse.settings.Settings;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.ChatRequest;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.Deadlines;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.Role;
import dormouse.v1.SleepLlmRequest;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WakeProgress;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A whole server on a clock that the test moves, with gRPC in this process and everything on the caller's thread: when a
 * call returns, all that it leads to has happened. Its database is a real H2, in memory.
 */
public final class Harness implements AutoCloseable {
    /** Of a server that nothing happens to: of the sweep three, of usage two, of the watches one, of the tokens one. */
    static final int ALARMS_AT_REST = 7;

    /** Of the backends of PUBLIC Llms, in the machine's own time. */
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(50);

    private final String database;
    private final List<String> sets;
    private final ManualTime time = new ManualTime();
    private final HeldLane lane = new HeldLane();
    private final HeldLane blocking = new HeldLane();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final long seed;
    private Server server;
    private String door;

    private final FaultyStores stores = new FaultyStores();
    private final Map<String, String> environment = new ConcurrentHashMap<>();
    private final List<String> shown = new CopyOnWriteArrayList<>();
    private @Nullable String token;
    private int starts;

    private final boolean http;

    private Harness(List<String> sets, String database, long seed, boolean http) {
        this.http = http;
        this.sets = new ArrayList<>(sets);
        this.database = database;
        this.seed = seed;
        this.door = "";
        this.server = start();
    }

    /** @param sets keys and values, as {@code --set} has them */
    public static Harness start(String... sets) {
        return start(false, sets);
    }

    /** The same with an HTTP door, on a real port and threads of its own: what comes by it is to be awaited. */
    public static Harness withDoor(String... sets) {
        return start(true, sets);
    }

    private static Harness start(boolean http, String... sets) {
        return new Harness(List.of(sets), "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", 42, http);
    }

    private Settings settings() {
        Settings settings =
                Settings.empty("test").set("database.url", database, "test").set("http.address", "127.0.0.1:0", "test");
        for (String set : sets) {
            int equals = set.indexOf('=');
            settings = settings.set(set.substring(0, equals), set.substring(equals + 1), "test");
        }
        return settings;
    }

    private Server start() {
        door = UUID.randomUUID().toString();
        try {
            return new Server(
                    ServerConfig.of(settings()),
                    new Server.Ground(
                            time,
                            new Random(seed + starts++),
                            lane,
                            blocking,
                            Runnable::run,
                            InProcessServerBuilder.forName(door),
                            http,
                            null,
                            stores::llms,
                            stores::sessions,
                            stores::wakeTimes,
                            stores::usage,
                            new HouseAgent.Ground(environment::get, CHECK_INTERVAL),
                            shown::add));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The server is closed, its agents let go, and a new one starts on the same database.
     *
     * @param others keys and values that its file has from now on
     */
    public void restart(String... others) {
        sets.addAll(List.of(others));
        server.close();
        time.clear();
        server = start();
    }

    /** The server ends without a word to the database, and a new one starts on what is there. */
    public void kill() {
        stores.away();
        server.close();
        time.clear();
        stores.back();
        server = start();
    }

    /** From now on callers show this token; null: none. */
    public Harness as(@Nullable String shownToken) {
        token = shownToken;
        return this;
    }

    /** Makes a token, for all names where there are no patterns; answers its secret. */
    public String token(Role role, String... patterns) {
        return made(role, null, patterns).getSecret();
    }

    /** The same with its id, and a time to live where there is to be one. */
    public CreateTokenResponse made(Role role, @Nullable Duration ttl, String... patterns) {
        CreateTokenRequest.Builder request =
                CreateTokenRequest.newBuilder().setName("test").setRole(role).addAllLlmPatterns(List.of(patterns));
        if (ttl != null) {
            request.setTtl(Times.duration(ttl));
        }
        String admin = shown.isEmpty() ? null : shown.get(0);
        return AdminServiceGrpc.newBlockingStub(channel(admin)).createToken(request.build());
    }

    /** Of the first ADMIN, as the server has shown it. */
    public String firstToken() {
        return shown.get(0);
    }

    /** All the secrets that the server has shown to who starts it. */
    public List<String> shownTokens() {
        return List.copyOf(shown);
    }

    /** By the first ADMIN. */
    public void revoke(String id) {
        AdminServiceGrpc.newBlockingStub(channel(shown.isEmpty() ? null : shown.get(0)))
                .revokeToken(RevokeTokenRequest.newBuilder().setId(id).build());
    }

    /** The server's environment, as far as PUBLIC Llms have their keys there. */
    public Map<String, String> environment() {
        return environment;
    }

    public ManualTime time() {
        return time;
    }

    public void advance(Duration by) {
        time.advance(by);
    }

    /** Where the fleet decides: as slow as the test wants its database to be. */
    public HeldLane lane() {
        return lane;
    }

    /** Where history is read and usage written: as slow as the test wants its database to be. */
    public HeldLane blocking() {
        return blocking;
    }

    public Server server() {
        return server;
    }

    public Relay relay() {
        return server.relay();
    }

    public String database() {
        return database;
    }

    /** A new connection to the present server. */
    public ManagedChannel channel() {
        return channel(token);
    }

    /** The same, and what is called by it shows this token; null: none. */
    public ManagedChannel channel(@Nullable String shownToken) {
        Metadata headers = new Metadata();
        if (shownToken != null) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + shownToken);
        }
        ManagedChannel channel = InProcessChannelBuilder.forName(door)
                .directExecutor()
                .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
                .build();
        channels.add(channel);
        return channel;
    }

    public LlmServiceGrpc.LlmServiceBlockingStub llms() {
        return LlmServiceGrpc.newBlockingStub(channel());
    }

    public AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel());
    }

    /** The row as a client sees it. */
    public Llm llm(String name) {
        return llms().getLlm(GetLlmRequest.newBuilder().setName(name).build());
    }

    /** A new agent, connected but not registered. */
    public ScriptedAgent agent(String name) {
        return new ScriptedAgent(name, AgentServiceGrpc.newStub(channel()));
    }

    /** An agent that takes {@code messages} of them, and then no more unless it asks. */
    public ScriptedAgent slowAgent(String name, int messages) {
        return new ScriptedAgent(name, AgentServiceGrpc.newStub(channel()), messages);
    }

    /** An infer that reads all that comes. */
    public InferProbe infer(String llm) {
        return infer(llm, "{}");
    }

    public InferProbe infer(String llm, String body) {
        return infer(InferRequest.newBuilder()
                .setLlm(llm)
                .setInput(ByteString.copyFromUtf8(body))
                .build());
    }

    public InferProbe infer(InferRequest request) {
        return new InferProbe(InferenceServiceGrpc.newStub(channel()), request, Integer.MAX_VALUE);
    }

    /** An infer with deadlines of its own. */
    public InferProbe infer(String llm, Deadlines.Builder deadlines) {
        return infer(InferRequest.newBuilder()
                .setLlm(llm)
                .setInput(ByteString.copyFromUtf8("{}"))
                .setDeadlines(deadlines)
                .build());
    }

    public ChatProbe chat(ChatRequest.Builder request) {
        return new ChatProbe(InferenceServiceGrpc.newStub(channel()), request.build());
    }

    /** An infer that takes {@code messages} of them, and then no more unless it asks. */
    public InferProbe slowInfer(String llm, int messages) {
        return new InferProbe(
                InferenceServiceGrpc.newStub(channel()),
                InferRequest.newBuilder()
                        .setLlm(llm)
                        .setInput(ByteString.copyFromUtf8("{}"))
                        .build(),
                messages);
    }

    /** The server's way to its database, for a test to stand in. */
    public FaultyStores stores() {
        return stores;
    }

    /** A new stream for an agent that has lost its own, at the present server. */
    public ScriptedAgent reconnect(ScriptedAgent agent) {
        return agent.connect(AgentServiceGrpc.newStub(channel()));
    }

    /** A watch of all, after a revision. */
    public Probe<LlmEvent> watch(long after) {
        return watch(after, "", Integer.MAX_VALUE);
    }

    /** A watch that takes {@code messages} of them, and then no more unless it asks. */
    public Probe<LlmEvent> watch(long after, String name, int messages) {
        WatchLlmsRequest request = WatchLlmsRequest.newBuilder()
                .setAfterRevision(after)
                .setName(name)
                .build();
        return new Probe<>(messages, ears -> LlmServiceGrpc.newStub(channel()).watchLlms(request, ears));
    }

    /** How many watch. */
    public int watches() {
        return server.watches().size();
    }

    /** A wake by hand. */
    public Probe<WakeProgress> wake(String llm) {
        WakeLlmRequest request = WakeLlmRequest.newBuilder().setName(llm).build();
        return new Probe<>(
                Integer.MAX_VALUE, ears -> LlmServiceGrpc.newStub(channel()).wakeLlm(request, ears));
    }

    /** A sleep by hand. */
    public Probe<Llm> sleep(String llm) {
        SleepLlmRequest request = SleepLlmRequest.newBuilder().setName(llm).build();
        return new Probe<>(
                Integer.MAX_VALUE, ears -> LlmServiceGrpc.newStub(channel()).sleepLlm(request, ears));
    }

    /** How many ended calls still leave a trace: all of these are zero when nothing is under way. */
    public Map<String, Number> remains() {
        return Map.of(
                "tasks",
                server.relay().tasks(),
                "buffered bytes",
                server.relay().bufferedBytes());
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        channels.forEach(channel -> {
            try {
                channel.awaitTermination(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.close();
    }
}
