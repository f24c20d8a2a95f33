package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Infer;
import dormouse.v1.InferInput;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.TaskPosition;
import dormouse.v1.Wake;
import dormouse.v1.Window;
import io.grpc.Channel;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** An agent of a {@link RandomHistory}: does, by chance, what agents do, and what they should not. */
final class RandomAgent {
    private static final LlmStatus[] REPORTS = {
        LlmStatus.LLM_STATUS_ACTIVE,
        LlmStatus.LLM_STATUS_HIBERNATING,
        LlmStatus.LLM_STATUS_INACTIVE,
        LlmStatus.LLM_STATUS_WAKING
    };

    private final String name;
    private final Random random;
    private final List<String> names;
    private final String pool;
    private final List<Wake> wakes = new ArrayList<>();
    private final List<Sleep> sleeps = new ArrayList<>();
    private final Map<String, Answering> tasks = new LinkedHashMap<>();
    private final List<Infer> ended = new ArrayList<>();
    private @Nullable ScriptedAgent agent;
    private int read;
    private boolean left;
    private boolean resuming;
    private int resumed;

    /** An infer that it works on, or whose end the server may not have heard. */
    private static final class Answering {
        final Infer task;
        final ByteString answer;
        int input;
        boolean head;
        int sent;
        boolean ended;

        Answering(Infer task, String answer) {
            this.task = task;
            this.answer = ByteString.copyFromUtf8(answer);
        }
    }

    /** @param pool to which most of what it publishes belongs; empty: to one that nobody asks for, or to none */
    RandomAgent(String name, List<String> names, String pool, Random random) {
        this.name = name;
        this.names = names;
        this.pool = pool;
        this.random = random;
    }

    /** Whether its stream is open, as far as it knows. */
    boolean open() {
        return agent != null && agent.open();
    }

    /** Whether it serves: it is attached, and has not said goodbye since it registered. */
    boolean serves(String session) {
        return attached(session) && !left;
    }

    /** Whether its stream is open and registered: a copy that waits until it is let in, or refused, is not. */
    boolean attached(String session) {
        return open() && registered() && agent().session().equals(session);
    }

    private boolean registered() {
        return agent().heard().stream().anyMatch(ServerMessage::hasRegistered);
    }

    ScriptedAgent agent() {
        if (agent == null) {
            throw new IllegalStateException("not connected yet");
        }
        return agent;
    }

    /**
     * A new stream, whatever became of the one before, and a registration.
     *
     * @param orderly cuts the one before in any case
     */
    String connect(Channel channel, boolean orderly) {
        boolean copied = agent != null && agent.endedWith().equals("SESSION_IN_USE");
        boolean fresh = copied || random.nextInt(6) == 0;
        boolean restarted = !fresh && agent != null && random.nextInt(10) == 0;
        if (agent == null) {
            agent = new ScriptedAgent(name, AgentServiceGrpc.newStub(channel));
        } else {
            boolean cut = open() && (orderly || fresh || restarted || left || !registered() || random.nextBoolean());
            if (cut) {
                agent.cut();
            }
            agent.connect(AgentServiceGrpc.newStub(channel));
            if (fresh) {
                agent.forgetSession();
            }
        }
        forgetStream();
        if (restarted) {
            agent.restarted();
        }
        if (fresh || restarted || random.nextInt(8) == 0) {
            tasks.clear();
        }
        return name
                + (fresh ? " starts without its session: " : restarted ? " is restarted: " : " connects: ")
                + register(tasks.values().stream().map(this::position).toList());
    }

    /** It is a copy of another one's machine from now on, and claims the session that is the other's. */
    String copy(RandomAgent other, Channel channel) {
        if (agent == null) {
            agent = new ScriptedAgent(name, AgentServiceGrpc.newStub(channel));
        } else {
            agent.connect(AgentServiceGrpc.newStub(channel));
        }
        agent.session(other.agent().session(), other.agent().token()).restarted();
        forgetStream();
        tasks.clear();
        return name + " is a copy of " + other + ": " + register(List.of());
    }

    private void forgetStream() {
        read = 0;
        wakes.clear();
        sleeps.clear();
        ended.clear();
        resuming = true;
    }

    /** How far it is with a task; now and then what can't be. */
    private TaskPosition position(Answering task) {
        int wrong = random.nextInt(30) == 0 ? 100_000 : 0;
        return ScriptedAgent.at(task.task, task.sent + wrong, task.input, task.head);
    }

    /** Those tasks of the lost stream go on that the server names, from where it has them; the others are dropped. */
    private void resume(Registered answer) {
        Map<String, Answering> before = new LinkedHashMap<>(tasks);
        tasks.clear();
        for (TaskPosition has : answer.getTasksList()) {
            Answering task = before.get(has.getTaskId());
            assertThat(task).as("a task that goes on, and was named").isNotNull();
            assertThat(has.getOffset())
                    .as("what the server has of what was sent")
                    .isBetween(0L, (long) task.sent);
            task.sent = (int) has.getOffset();
            task.head = has.getHead();
            task.ended = false; // to be said again
            tasks.put(has.getTaskId(), task);
            resumed++;
        }
    }

    /** How many tasks have gone on in another stream. */
    int resumed() {
        return resumed;
    }

    /** The set of names anew; not while the one before is unanswered, which no agent does. */
    String register() {
        return registered() ? register(List.of()) : "waits for the answer to its registration";
    }

    private String register(List<TaskPosition> positions) {
        List<LlmOffer> offers = new ArrayList<>();
        StringBuilder told = new StringBuilder();
        for (String llm : names) {
            if (random.nextInt(5) < 2) {
                boolean awake = random.nextInt(3) == 0;
                LlmSpec.Builder spec = LlmSpec.newBuilder()
                        .setName(llm)
                        .setConcurrency(1 + random.nextInt(2))
                        .setWakeable(true)
                        .setSleepable(random.nextInt(4) > 0)
                        .setPool(pool());
                offers.add(ScriptedAgent.offer(
                        spec, awake ? LlmStatus.LLM_STATUS_ACTIVE : LlmStatus.LLM_STATUS_HIBERNATING));
                told.append(' ').append(llm).append(awake ? "=awake" : "=asleep");
            }
        }
        left = false;
        agent().ask(positions, offers.toArray(LlmOffer[]::new));
        return "registers" + told + (positions.isEmpty() ? "" : " with " + positions.size() + " tasks");
    }

    private String pool() {
        if (!pool.isEmpty()) {
            return random.nextInt(6) == 0 ? "" : pool;
        }
        return random.nextInt(8) == 0 ? names.get(random.nextInt(names.size())) + "-pool" : "";
    }

    /** Reports some of the names, or none. */
    String heartbeat(int silenceOfTen) {
        if (random.nextInt(12) == 0) {
            String llm = names.get(random.nextInt(names.size()));
            agent().reportRested(llm);
            return name + " has put to sleep " + llm + " by itself";
        }
        List<Object> reports = new ArrayList<>();
        for (String llm : names) {
            if (random.nextInt(10) >= silenceOfTen) {
                reports.add(llm);
                reports.add(REPORTS[Math.min(random.nextInt(8), random.nextInt(REPORTS.length))]);
            }
        }
        agent().heartbeat(reports.toArray());
        return name + " heartbeat " + reports;
    }

    String cut() {
        agent().cut();
        return name + " is cut";
    }

    String complete() {
        agent().complete();
        return name + " closes its stream";
    }

    String goodbye() {
        agent().goodbye();
        left = true;
        return name + " says goodbye";
    }

    /** What it has heard since last time: as a well-behaved agent it takes inputs and ends what is cancelled. */
    List<ServerMessage> listen() {
        if (agent == null) {
            return List.of();
        }
        List<ServerMessage> heard = agent.heard();
        List<ServerMessage> news = List.copyOf(heard.subList(Math.min(read, heard.size()), heard.size()));
        read = heard.size();
        for (ServerMessage message : news) {
            if (message.hasRegistered() && resuming) {
                resuming = false;
                resume(message.getRegistered());
            } else if (message.hasWindow() && message.getWindow().getEnded()) {
                tasks.remove(message.getWindow().getTaskId());
            } else if (message.hasWake()) {
                wakes.add(message.getWake());
            } else if (message.hasSleep()) {
                sleeps.add(message.getSleep());
            } else if (message.hasInfer()) {
                Infer task = message.getInfer();
                tasks.put(task.getTaskId(), new Answering(task, answer(task.getTaskId())));
            } else if (message.hasInferInput() && open()) {
                InferInput input = message.getInferInput();
                Answering task = tasks.get(input.getTaskId());
                if (task != null) {
                    assertThat(input.getOffset())
                            .as("the next byte of an input")
                            .isEqualTo(task.input);
                    task.input += input.getData().size();
                }
                agent.send(AgentMessage.newBuilder()
                        .setWindow(Window.newBuilder()
                                .setTaskId(input.getTaskId())
                                .setConsumed(input.getOffset() + input.getData().size())));
            }
        }
        return news;
    }

    boolean hasWakes() {
        return open() && !wakes.isEmpty();
    }

    /** Answers a wake, perhaps one that was answered before, or that nobody waits for. */
    String answerWake() {
        Wake wake = wakes.get(random.nextInt(wakes.size()));
        if (random.nextInt(4) > 0) {
            wakes.remove(wake);
        }
        if (random.nextInt(3) > 0) {
            agent().awake(wake);
            return name + " has woken " + wake.getLlm();
        }
        agent().wakeFails(wake, "no light");
        return name + " could not wake " + wake.getLlm();
    }

    boolean hasSleeps() {
        return open() && !sleeps.isEmpty();
    }

    /** Says how a sleep goes: that it has begun, how it has ended, or that once more. */
    String answerSleep() {
        Sleep sleep = sleeps.get(random.nextInt(sleeps.size()));
        String llm = sleep.getLlm();
        int dice = random.nextInt(10);
        if (dice < 2) {
            agent().reportRested(llm);
            return name + " begins to rest " + llm;
        }
        if (random.nextInt(4) > 0) {
            sleeps.remove(sleep);
        }
        if (dice < 6) {
            agent().rested(sleep);
            return name + " has put to sleep " + llm;
        }
        String reason = dice < 8 ? "SLEEP_REFUSED" : "BACKEND_FAILED";
        agent().sleepFails(sleep, reason, "no pillow");
        return name + " did not put to sleep " + llm + ": " + reason;
    }

    /** What it has named in a registration waits for the answer. */
    boolean hasTasks() {
        return open() && registered() && tasks.values().stream().anyMatch(task -> !task.ended);
    }

    /** Its stream is lost, with things on the way that it believes to be said. */
    String cutAmidWork() {
        List<Answering> all =
                tasks.values().stream().filter(task -> !task.ended).toList();
        Answering task = all.get(random.nextInt(all.size()));
        task.head = true;
        task.sent = Math.min(task.answer.size(), task.sent + random.nextInt(15_000));
        task.ended = task.sent == task.answer.size();
        agent().cut();
        return name + " is cut, and loses what it said of " + task.task.getTaskId() + " up to byte " + task.sent;
    }

    /** Goes on with one of its tasks. */
    String work() {
        if (random.nextInt(12) == 0) {
            return cutAmidWork();
        }
        List<Answering> all =
                tasks.values().stream().filter(each -> !each.ended).toList();
        Answering task = all.get(random.nextInt(all.size()));
        String id = task.task.getTaskId();
        String told = name + " with " + id + " of " + task.task.getLlm() + ": ";
        switch (random.nextInt(12)) {
            case 0 -> {
                tasks.remove(id);
                Code code = Code.UNAVAILABLE;
                String reason = random.nextBoolean() ? "NOT_AWAKE" : "BACKEND_FAILED";
                agent().end(task.task, task.sent, Problems.status(code, reason, "by chance"));
                return told + reason;
            }
            case 1 -> {
                agent().chunk(task.task, task.sent + 7, "a gap");
                return told + "a gap";
            }
            case 2 -> {
                ended.add(task.task);
                Infer old = ended.get(random.nextInt(ended.size()));
                agent().end(old, 3);
                tasks.remove(old.getTaskId());
                return told + "ends " + old.getTaskId() + " wrongly, or again";
            }
            case 3, 4, 5 -> {
                piece(task, Math.min(10_000, task.answer.size() - task.sent));
                return told + "to byte " + task.sent + " of " + task.answer.size();
            }
            default -> {
                while (task.sent < task.answer.size()) {
                    piece(task, Math.min(16 << 10, task.answer.size() - task.sent));
                }
                ended.add(task.task);
                task.ended = true;
                agent().end(task.task, task.sent);
                return told + "whole";
            }
        }
    }

    private void piece(Answering task, int length) {
        if (!task.head) {
            task.head = true;
            agent().head(task.task, 200, "text/plain");
        }
        if (length > 0 && open()) {
            agent().chunk(task.task, task.sent, task.answer.substring(task.sent, task.sent + length));
            task.sent += length;
        }
    }

    /** What every agent answers to a task: no two pieces of it are alike. */
    private static String answer(String task) {
        StringBuilder answer = new StringBuilder("answer of " + task + ":");
        int length = Math.floorMod(task.hashCode(), 40_000);
        for (int i = 0; answer.length() < length; i++) {
            answer.append(' ').append(i);
        }
        return answer.toString();
    }

    /** Whether it is an answer, byte by byte. */
    static boolean isWhole(String answer) {
        int colon = answer.indexOf(':');
        return answer.startsWith("answer of ") && colon > 0 && answer.equals(answer(answer.substring(10, colon)));
    }

    @Override
    public String toString() {
        return name;
    }
}
