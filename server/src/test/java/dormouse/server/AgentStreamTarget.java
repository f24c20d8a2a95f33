package dormouse.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.LlmStatus;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An agent whose bytes say what it does: registers, reports, answers tasks and wakes well or badly, sends raw messages, goes,
 * comes back, while clients come and time passes. Afterwards another agent serves as before, and nothing is left over.
 */
public final class AgentStreamTarget {
    private static final String[] NAMES = {"a", "b", "c", "healthy", "bad name", ""};
    private static final LlmStatus[] STATUSES = LlmStatus.values();
    private static final int RUNS_OF_ONE_SERVER = 500;

    private static @Nullable Harness server;
    private static @Nullable ScriptedAgent healthy;
    private static int runs;

    private final Harness harness;
    private final byte[] script;
    private final List<InferProbe> infers = new ArrayList<>();
    private ScriptedAgent odd;
    private int at;

    private AgentStreamTarget(Harness harness, byte[] script) {
        this.harness = harness;
        this.script = script;
        this.odd = harness.agent("odd");
    }

    /** Each of them is a row of steps. */
    public static List<byte[]> seeds() {
        byte[] heartbeat = AgentMessage.newBuilder()
                .setHeartbeat(dormouse.v1.Heartbeat.newBuilder().setSeq(7))
                .build()
                .toByteArray();
        byte[] raw = new byte[heartbeat.length + 4];
        raw[0] = 0;
        raw[1] = 0;
        raw[2] = 13;
        raw[3] = (byte) heartbeat.length;
        System.arraycopy(heartbeat, 0, raw, 4, heartbeat.length);
        return List.of(
                new byte[] {0, 0, 5, 0, 3, 0, 4, 0, 5, 4, 0}, // registers a, infer, head, chunk, end
                new byte[] {1, 1, 5, 1, 6, 0, 3, 0, 4, 9, 5, 9}, // asleep: wake, then an answer
                new byte[] {0, 2, 2, 1, 2, 2, 12, 90, 12, 120, 2, 1},
                new byte[] {0, 0, 5, 0, 11, 10, 0, 5, 0, 4, 70, 8},
                new byte[] {0, 1, 1, 1, 5, 0, 5, 1, 7, 0, 9, 14, 0},
                raw);
    }

    public static synchronized void fuzzerTestOneInput(byte[] input) {
        UncaughtFaults.listen();
        Harness harness = server;
        ScriptedAgent steady = healthy;
        if (harness == null || steady == null || ++runs % RUNS_OF_ONE_SERVER == 0) {
            if (harness != null) {
                harness.close();
            }
            harness = Harness.start("lifecycle.inactiveRetention=200s", "limits.queuePerLlm=4");
            steady = harness.agent("steady");
            steady.register(ScriptedAgent.awake("healthy"));
            server = harness;
            healthy = steady;
        }
        new AgentStreamTarget(harness, input).run(steady);
    }

    private int next() {
        return at < script.length ? script[at++] & 0xff : 0;
    }

    private void run(ScriptedAgent steady) {
        while (at < script.length) {
            try {
                step();
            } catch (IllegalStateException | StatusRuntimeException e) {
                // it has spoken on a stream that is over, which is its own fault
            }
        }
        check(steady);
    }

    private void step() {
        int what = next();
        int how = next();
        switch (what % 15) {
            case 0 -> odd.ask(ScriptedAgent.awake(NAMES[how % 3]), ScriptedAgent.sleepable(NAMES[(how >> 2) % 3]));
            case 1 -> odd.ask(ScriptedAgent.asleep(NAMES[how % NAMES.length]));
            case 2 -> odd.heartbeat(NAMES[how % NAMES.length], STATUSES[(how >> 3) % (STATUSES.length - 1)]);
            case 3 -> odd.head(task(how), how * 4, how % 2 == 0 ? "text/plain" : "");
            case 4 -> odd.chunk(task(how), how % 8 == 0 ? 0 : how * 7L, ByteString.copyFrom(new byte[how * 40]));
            case 5 -> {
                if (how % 16 < 8) {
                    infers.add(harness.infer(how % 2 == 0 ? NAMES[how % 3] : "b", "{\"n\":" + how + "}"));
                } else {
                    odd.end(task(how), how % 3 == 0 ? 0 : how);
                }
            }
            case 6 -> {
                if (!odd.wakes().isEmpty()) {
                    odd.awake(odd.wakes().get(how % odd.wakes().size()));
                }
            }
            case 7 -> {
                if (!odd.wakes().isEmpty()) {
                    odd.wakeFails(odd.wakes().get(how % odd.wakes().size()), "no");
                }
            }
            case 8 -> odd.answer(task(how), "x".repeat(how));
            case 9 -> odd.notAwake(task(how));
            case 10 -> { // with the stream before it open or cut: its session goes on in this one
                if (how % 2 == 0 && odd.open()) {
                    odd.cut();
                }
                odd = harness.reconnect(odd);
                odd.ask(ScriptedAgent.awake(NAMES[how % 3]));
            }
            case 11 -> {
                if (how % 2 == 0) {
                    odd.cut();
                } else {
                    odd.goodbye();
                }
            }
            case 12 -> {
                harness.advance(Duration.ofSeconds(how));
                healthyHeartbeat();
            }
            case 13 -> raw(how);
            default -> {
                if (!infers.isEmpty()) {
                    infers.get(how % infers.size()).cancel();
                }
            }
        }
    }

    private static void healthyHeartbeat() {
        ScriptedAgent steady = healthy;
        if (steady != null) {
            steady.heartbeat();
        }
    }

    /** One that it has, or one that nobody has. */
    private Infer task(int which) {
        List<Infer> tasks = odd.infers();
        return which % 5 == 4 || tasks.isEmpty()
                ? Infer.newBuilder().setTaskId("t-" + which).build()
                : tasks.get(which % tasks.size());
    }

    private void raw(int length) {
        int to = Math.min(script.length, at + length);
        byte[] bytes = java.util.Arrays.copyOfRange(script, at, to);
        at = to;
        try {
            odd.send(AgentMessage.parseFrom(bytes).toBuilder());
        } catch (InvalidProtocolBufferException e) {
            // what is no message at all is the transport's to refuse: GarbageTest
        }
    }

    private void check(ScriptedAgent steady) {
        String reason = odd.endedWith();
        if (reason.equals("INTERNAL") || (odd.error() != null && reason.isEmpty() && !isItsOwn(odd.error()))) {
            throw new AssertionError("its stream has ended without a reason: " + odd.error());
        }
        odd.forgetSession();
        if (odd.open()) {
            odd.cut();
        }
        infers.forEach(InferProbe::cancel);
        for (int i = 0; i < 3; i++) {
            harness.advance(Duration.ofSeconds(80));
            steady.heartbeat();
        }
        InferProbe infer = harness.infer("healthy");
        List<Infer> tasks = steady.infers();
        if (tasks.isEmpty()) {
            throw new AssertionError("the healthy agent gets no tasks: " + infer.reason());
        }
        steady.answer(tasks.get(tasks.size() - 1), "fine");
        if (!infer.text().equals("fine")) {
            throw new AssertionError("the healthy agent's task has ended with " + infer.reason());
        }
        harness.remains().forEach((what, count) -> {
            if (count.longValue() != 0) {
                throw new AssertionError(count + " " + what + " are left");
            }
        });
        int attached = harness.server().sessions().attached().size();
        if (attached != 1) {
            throw new AssertionError(attached + " agents are attached");
        }
        UncaughtFaults.none();
    }

    private static boolean isItsOwn(Throwable error) {
        return io.grpc.Status.fromThrowable(error).getCode() == io.grpc.Status.Code.CANCELLED;
    }
}
