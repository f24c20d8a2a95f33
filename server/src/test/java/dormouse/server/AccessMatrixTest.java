package dormouse.server;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.BackupRequest;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.DisconnectAgentRequest;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmSpec;
import dormouse.v1.Registered;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.Role;
import dormouse.v1.SleepLlmRequest;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.Channel;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may call what, at both doors: each call is made by nobody, by a client and an agent whose patterns cover the name, by
 * a client and an agent whose patterns do not, and by an admin. There is one Llm, {@code team-a/llm} of pool
 * {@code team-a/pool}. A call that the doors have and the table has not fails.
 */
class AccessMatrixTest {
    private static final String LLM = "team-a/llm";
    private static final String REACHED = "reached";
    private static final String SHOWN = "shown";
    private static final String HIDDEN = "hidden";
    private static final String NO_TOKEN = "UNAUTHENTICATED";
    private static final String WRONG_ROLE = "FORBIDDEN";
    private static final String NO_SUCH = "LLM_NOT_FOUND";

    /** What becomes of a call, by who makes it. */
    private record Expected(
            String nobody, String client, String stranger, String agent, String foreignAgent, String admin) {
        String of(String who) {
            return switch (who) {
                case "nobody" -> nobody;
                case "client" -> client;
                case "stranger" -> stranger;
                case "agent" -> agent;
                case "foreign agent" -> foreignAgent;
                default -> admin;
            };
        }
    }

    private static final Expected OPEN = new Expected(REACHED, REACHED, REACHED, REACHED, REACHED, REACHED);
    private static final Expected ANY_TOKEN = new Expected(NO_TOKEN, REACHED, REACHED, REACHED, REACHED, REACHED);
    private static final Expected USES_A_NAME =
            new Expected(NO_TOKEN, REACHED, NO_SUCH, WRONG_ROLE, WRONG_ROLE, REACHED);
    private static final Expected SHOWS_NAMES = new Expected(NO_TOKEN, SHOWN, HIDDEN, WRONG_ROLE, WRONG_ROLE, SHOWN);
    private static final Expected USES = new Expected(NO_TOKEN, REACHED, REACHED, WRONG_ROLE, WRONG_ROLE, REACHED);
    private static final Expected PUBLISHES =
            new Expected(NO_TOKEN, WRONG_ROLE, WRONG_ROLE, REACHED, "NAME_FORBIDDEN", REACHED);
    private static final Expected ADMINISTERS =
            new Expected(NO_TOKEN, WRONG_ROLE, WRONG_ROLE, WRONG_ROLE, WRONG_ROLE, REACHED);

    /** Makes one call with a token, and says what became of it. */
    private interface Call {
        String with(@Nullable String secret) throws Exception;
    }

    private record Row(Expected expected, Call call) {}

    private static final Map<String, Row> GRPC = Map.ofEntries(
            row("dormouse.v1.LlmService/GetLlm", USES_A_NAME, llms(s -> s.getLlm(get()))),
            row("dormouse.v1.LlmService/ListLlms", SHOWS_NAMES, AccessMatrixTest::list),
            row("dormouse.v1.LlmService/WatchLlms", SHOWS_NAMES, AccessMatrixTest::watch),
            row(
                    "dormouse.v1.LlmService/ListLlmEvents",
                    USES_A_NAME,
                    llms(s -> s.listLlmEvents(
                            ListLlmEventsRequest.newBuilder().setName(LLM).build()))),
            row(
                    "dormouse.v1.LlmService/CreateLlm",
                    ADMINISTERS,
                    llms(s -> s.createLlm(CreateLlmRequest.newBuilder()
                            .setSpec(LlmSpec.newBuilder().setName("public"))
                            .setUrl("http://127.0.0.1:9/v1")
                            .build()))),
            row(
                    "dormouse.v1.LlmService/DeleteLlm",
                    ADMINISTERS,
                    llms(s -> s.deleteLlm(
                            DeleteLlmRequest.newBuilder().setName(LLM).build())),
                    "FORBIDDEN: it is VIRTUAL"),
            row(
                    "dormouse.v1.LlmService/WakeLlm",
                    USES_A_NAME,
                    llms(s -> all(
                            s.wakeLlm(WakeLlmRequest.newBuilder().setName(LLM).build())))),
            row(
                    "dormouse.v1.LlmService/SleepLlm",
                    USES_A_NAME,
                    llms(s ->
                            s.sleepLlm(SleepLlmRequest.newBuilder().setName(LLM).build()))),
            row(
                    "dormouse.v1.InferenceService/Infer",
                    USES_A_NAME,
                    grpc(c -> all(InferenceServiceGrpc.newBlockingStub(c)
                            .infer(InferRequest.newBuilder()
                                    .setLlm(LLM)
                                    .setInput(ByteString.copyFromUtf8("{}"))
                                    .build())))),
            row(
                    "dormouse.v1.InferenceService/Chat",
                    USES_A_NAME,
                    grpc(c -> all(InferenceServiceGrpc.newBlockingStub(c)
                            .chat(ChatRequest.newBuilder()
                                    .setLlm(LLM)
                                    .addMessages(ChatMessage.newBuilder()
                                            .setRole("user")
                                            .setContent("hi"))
                                    .build())))),
            row("dormouse.v1.AgentService/Connect", PUBLISHES, AccessMatrixTest::publish),
            row(
                    "dormouse.v1.AdminService/ListAgents",
                    ADMINISTERS,
                    admin(s -> s.listAgents(ListAgentsRequest.getDefaultInstance()))),
            row(
                    "dormouse.v1.AdminService/DisconnectAgent",
                    ADMINISTERS,
                    admin(s -> s.disconnectAgent(DisconnectAgentRequest.newBuilder()
                            .setSessionId("s-none")
                            .build()))),
            row(
                    "dormouse.v1.AdminService/CreateToken",
                    ADMINISTERS,
                    admin(s -> s.createToken(CreateTokenRequest.newBuilder()
                            .setName("x")
                            .setRole(Role.ROLE_CLIENT)
                            .build()))),
            row(
                    "dormouse.v1.AdminService/ListTokens",
                    ADMINISTERS,
                    admin(s -> s.listTokens(ListTokensRequest.getDefaultInstance()))),
            row(
                    "dormouse.v1.AdminService/RevokeToken",
                    ADMINISTERS,
                    admin(s -> s.revokeToken(
                            RevokeTokenRequest.newBuilder().setId("tok-none").build()))),
            row(
                    "dormouse.v1.AdminService/Backup",
                    ADMINISTERS,
                    admin(s -> all(s.backup(BackupRequest.getDefaultInstance())))),
            row(
                    "dormouse.v1.AdminService/SumUsage",
                    USES,
                    admin(s -> s.sumUsage(SumUsageRequest.getDefaultInstance()))),
            row(
                    "grpc.health.v1.Health/Check",
                    OPEN,
                    grpc(c -> HealthGrpc.newBlockingStub(c).check(HealthCheckRequest.getDefaultInstance()))),
            row(
                    "grpc.health.v1.Health/Watch",
                    OPEN,
                    grpc(c -> HealthGrpc.newBlockingStub(c)
                            .watch(HealthCheckRequest.getDefaultInstance())
                            .next())),
            row("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ANY_TOKEN, AccessMatrixTest::reflect));

    private static final Map<String, Row> HTTP = Map.ofEntries(
            row("/", OPEN, http("/")),
            row("/page/page.css", OPEN, http("/page/page.css")),
            row("/page/page.js", OPEN, http("/page/page.js")),
            row("/page/events.js", OPEN, http("/page/events.js")),
            row("/page/details.js", OPEN, http("/page/details.js")),
            row("/page/llms.js", OPEN, http("/page/llms.js")),
            row("/page/icon.svg", OPEN, http("/page/icon.svg")),
            row("/healthz", OPEN, http("/healthz")),
            row("/readyz", OPEN, http("/readyz")),
            row("/metrics", ADMINISTERS, http("/metrics")),
            row("/v1/models", SHOWS_NAMES, httpList("/v1/models")),
            row("/v1/models/*", USES_A_NAME, http("/v1/models/" + LLM)),
            row("/api/llms", SHOWS_NAMES, httpList("/api/llms")),
            row("/api/llms/*", USES_A_NAME, http("/api/llms/team-a%2Fllm?history=5")),
            row("/api/events", SHOWS_NAMES, AccessMatrixTest::events));

    /** What no list of routes has: any POST for an Llm, and what is nowhere. */
    private static final Map<String, Row> OTHER = Map.ofEntries(
            row("POST /v1/chat/completions", USES_A_NAME, post("/v1/chat/completions")),
            row("POST /v1/messages", USES_A_NAME, post("/v1/messages")),
            row("/nowhere", USES, http("/nowhere")));

    private static Harness harness;
    private static final Map<String, @Nullable String> CALLERS = new LinkedHashMap<>();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        harness = Harness.withDoor("auth.mode=token");
        CALLERS.put("nobody", null);
        CALLERS.put("client", harness.token(Role.ROLE_CLIENT, "team-a/*"));
        CALLERS.put("stranger", harness.token(Role.ROLE_CLIENT, "team-b/*", "team-a"));
        CALLERS.put("agent", harness.token(Role.ROLE_AGENT, "team-a/*", "other"));
        CALLERS.put("foreign agent", harness.token(Role.ROLE_AGENT, "team-b/*"));
        CALLERS.put("admin", harness.firstToken());
        ScriptedAgent agent = harness.as(CALLERS.get("agent")).agent("desk");
        agent.onInfer(task -> agent.answer(task, "{}"));
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName(LLM).setPool("team-a/pool"), dormouse.v1.LlmStatus.LLM_STATUS_ACTIVE));
    }

    @AfterAll
    static void stop() {
        harness.close();
        CALLERS.clear();
    }

    private static Map.Entry<String, Row> row(String name, Expected expected, Call call) {
        return entry(name, new Row(expected, call));
    }

    /** @param adminGets in the words of this row, where an admin is refused for another reason than its role */
    private static Map.Entry<String, Row> row(String name, Expected expected, Call call, String adminGets) {
        assertThat(adminGets).startsWith(WRONG_ROLE);
        Expected other = new Expected(
                expected.nobody, expected.client, expected.stranger, expected.agent, expected.foreignAgent, WRONG_ROLE);
        return entry(name, new Row(other, call));
    }

    static Stream<String> rows() {
        return all(GRPC, HTTP, OTHER).keySet().stream().sorted();
    }

    @SafeVarargs
    private static Map<String, Row> all(Map<String, Row>... tables) {
        Map<String, Row> all = new TreeMap<>();
        Stream.of(tables).forEach(all::putAll);
        return all;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void each_caller_gets_what_the_table_says(String name) throws Exception {
        Row row = all(GRPC, HTTP, OTHER).get(name);
        Map<String, String> expected = new LinkedHashMap<>();
        Map<String, String> found = new LinkedHashMap<>();
        for (Map.Entry<String, @Nullable String> caller : CALLERS.entrySet()) {
            expected.put(caller.getKey(), row.expected().of(caller.getKey()));
            found.put(caller.getKey(), row.call().with(caller.getValue()));
        }
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void every_call_of_every_service_has_a_row() {
        TreeSet<String> calls = new TreeSet<>();
        for (ServerServiceDefinition service : harness.server().grpcServices()) {
            service.getMethods()
                    .forEach(method -> calls.add(method.getMethodDescriptor().getFullMethodName()));
        }
        assertThat(calls).containsExactlyElementsOf(new TreeSet<>(GRPC.keySet()));
    }

    @Test
    void every_route_of_the_http_door_has_a_row() {
        assertThat(new TreeSet<>(harness.server().httpRights().keySet()))
                .containsExactlyElementsOf(new TreeSet<>(HTTP.keySet()));
    }

    // How each call is made.

    private interface OnChannel {
        Object call(Channel channel) throws Exception;
    }

    private interface OnLlms {
        Object call(LlmServiceGrpc.LlmServiceBlockingStub stub);
    }

    private interface OnAdmin {
        Object call(AdminServiceGrpc.AdminServiceBlockingStub stub);
    }

    private static Call grpc(OnChannel call) {
        return secret -> {
            try {
                Object answer = call.call(harness.channel(secret));
                return answer instanceof String said ? said : REACHED;
            } catch (StatusRuntimeException e) {
                return outcome(Problems.reason(e));
            }
        };
    }

    private static Call llms(OnLlms call) {
        return grpc(channel -> call.call(LlmServiceGrpc.newBlockingStub(channel)));
    }

    private static Call admin(OnAdmin call) {
        return grpc(channel -> call.call(AdminServiceGrpc.newBlockingStub(channel)));
    }

    /** Whatever else a call that was let in may be refused for is none of this table's business. */
    private static String outcome(String reason) {
        return List.of(NO_TOKEN, WRONG_ROLE, NO_SUCH).contains(reason) ? reason : REACHED;
    }

    private static GetLlmRequest get() {
        return GetLlmRequest.newBuilder().setName(LLM).build();
    }

    private static List<Object> all(Iterator<?> answers) {
        List<Object> all = new ArrayList<>();
        answers.forEachRemaining(all::add);
        return all;
    }

    private static String list(@Nullable String secret) throws Exception {
        return llms(s -> shown(s.listLlms(ListLlmsRequest.getDefaultInstance()).toString()))
                .with(secret);
    }

    private static String shown(String text) {
        return text.contains("team-a") ? SHOWN : HIDDEN;
    }

    private static String watch(@Nullable String secret) throws Exception {
        return llms(stub -> {
                    StringBuilder seen = new StringBuilder();
                    Iterator<LlmEvent> events = stub.watchLlms(WatchLlmsRequest.getDefaultInstance());
                    while (true) {
                        LlmEvent event = events.next();
                        seen.append(event);
                        if (event.getType() == LlmEvent.Type.TYPE_SNAPSHOT_END) {
                            return shown(seen.toString());
                        }
                    }
                })
                .with(secret);
    }

    private static String publish(@Nullable String secret) {
        ScriptedAgent agent = harness.as(secret).agent("other");
        agent.ask(ScriptedAgent.awake("team-a/other"), ScriptedAgent.awake("team-b/" + agent.hashCode()));
        if (!agent.open()) {
            return outcome(agent.endedWith());
        }
        Registered answer = agent.last(message -> message.hasRegistered()).getRegistered();
        String outcome = answer.getGrants(0).hasRefusal()
                ? Problems.reason(answer.getGrants(0).getRefusal())
                : REACHED;
        agent.goodbye();
        agent.complete();
        return outcome;
    }

    private static String reflect(@Nullable String secret) {
        ServerReflectionRequest request =
                ServerReflectionRequest.newBuilder().setListServices("").build();
        Probe<ServerReflectionResponse> probe = new Probe<>(
                Integer.MAX_VALUE,
                ears -> ServerReflectionGrpc.newStub(harness.channel(secret))
                        .serverReflectionInfo(ears)
                        .onNext(request));
        return probe.reason().isEmpty() ? REACHED : outcome(probe.reason());
    }

    private static HttpRequest.Builder request(String path, @Nullable String secret) {
        var address = harness.server().httpAddress();
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path));
        return secret == null ? request : request.header("authorization", "Bearer " + secret);
    }

    private static String send(HttpRequest request, @Nullable Consumer<String> body)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        String refusal = refusal(answer.statusCode(), answer.body());
        if (refusal == null && body != null) {
            body.accept(answer.body());
        }
        return refusal == null ? REACHED : refusal;
    }

    private static @Nullable String refusal(int status, String body) {
        return switch (status) {
            case 401 -> NO_TOKEN;
            case 403 -> WRONG_ROLE;
            case 404 -> body.contains("there is no Llm") ? NO_SUCH : null;
            default -> null;
        };
    }

    private static Call http(String path) {
        return secret -> send(request(path, secret).build(), null);
    }

    private static Call httpList(String path) {
        return secret -> {
            StringBuilder seen = new StringBuilder();
            String outcome = send(request(path, secret).build(), seen::append);
            return outcome.equals(REACHED) ? shown(seen.toString()) : outcome;
        };
    }

    private static Call post(String path) {
        return secret -> send(
                request(path, secret)
                        .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"" + LLM + "\"}"))
                        .build(),
                null);
    }

    private static String events(@Nullable String secret) throws Exception {
        HttpResponse<InputStream> answer =
                CLIENT.send(request("/api/events", secret).build(), HttpResponse.BodyHandlers.ofInputStream());
        String refusal = refusal(answer.statusCode(), "");
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
            StringBuilder seen = new StringBuilder();
            while (refusal == null) {
                String line = lines.readLine();
                seen.append(line);
                if (line.equals("event: snapshot_end")) {
                    return shown(seen.toString());
                }
            }
        }
        return refusal;
    }
}
