package dormouse.e2e;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * The faults of a chaos run, one after the other, each mended before the next: what runs meanwhile meets one fault at a
 * time, and the traces of those before. Which, where and for how long follows from the seed.
 */
final class ChaosFaults {
    /** An agent, and the way between it and the server. */
    record Publisher(AgentProcess agent, Cable cable) {}

    /** A backend that a recipe wakes, and its agent. */
    record Sleeper(AgentProcess agent, FakeBackend backend) {}

    private final ServerProcess server;
    private final List<Publisher> publishers;
    private final List<FakeBackend> backends;
    private final Sleeper sleepy;
    private final ChaosDatabase database;
    private final ChaosHistory history;
    private final Random random;
    private final Map<String, Integer> done = new TreeMap<>();
    private final List<String> log = new ArrayList<>();
    private final long begun = System.nanoTime();

    ChaosFaults(
            ServerProcess server,
            List<Publisher> publishers,
            List<FakeBackend> backends,
            Sleeper sleepy,
            ChaosDatabase database,
            ChaosHistory history,
            Random random) {
        this.server = server;
        this.publishers = publishers;
        this.backends = backends;
        this.sleepy = sleepy;
        this.database = database;
        this.history = history;
        this.random = random;
    }

    /** Does one, and mends it. */
    void next() throws IOException, InterruptedException {
        Publisher publisher = publishers.get(random.nextInt(publishers.size()));
        switch (random.nextInt(20)) {
            case 0 -> {
                note("kill -9 of the server");
                history.serverEnds();
                server.program().kill();
                pause(2000);
                server.startAgain();
                history.serverIsBack();
            }
            case 1 -> {
                note("SIGTERM of the server");
                history.serverEnds();
                server.program().terminate();
                server.program().exitCode();
                server.startAgain();
                history.serverIsBack();
            }
            case 2 -> {
                note("SIGSTOP of the server");
                stopped(server.program(), 2000);
            }
            case 3, 4 -> {
                note("kill -9 of an agent");
                publisher.agent().program().kill();
                pause(2000);
                publisher.agent().startAgain();
            }
            case 5 -> {
                note("SIGTERM of an agent");
                publisher.agent().program().terminate();
                publisher.agent().program().exitCode();
                publisher.agent().startAgain();
            }
            case 6, 7 -> {
                note("SIGSTOP of an agent");
                stopped(publisher.agent().program(), 5000);
            }
            case 8, 9, 10 -> {
                note("cut of a stream");
                publisher.cable().cut();
                pause(5000);
                publisher.cable().mend();
            }
            case 11, 12 -> {
                note("blackhole");
                publisher.cable().swallow();
                pause(5000);
                publisher.cable().mend();
            }
            case 13, 14 -> {
                note("database away");
                database.away();
                pause(4000);
                database.back();
            }
            case 15 -> {
                note("slow disk");
                for (int i = 0; i < 20; i++) {
                    database.away();
                    LockSupport.parkNanos(Duration.ofMillis(80).toNanos());
                    database.back();
                    LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                }
            }
            case 16, 17, 18 -> {
                note("death of a backend");
                FakeBackend backend = backends.get(random.nextInt(backends.size()));
                backend.shut();
                pause(2000);
                backend.openAgain();
            }
            default -> {
                note("sleep of a backend");
                sleepy.backend().shut();
                sleepy.agent().program().kill();
                sleepy.agent().startAgain(); // finds it asleep, and wakes it when somebody asks
            }
        }
        pause(1500);
    }

    private void stopped(Program program, int mostMillis) throws IOException, InterruptedException {
        program.signal("STOP");
        pause(mostMillis);
        program.signal("CONT");
    }

    private void note(String what) {
        done.merge(what, 1, Integer::sum);
        log.add(String.format(
                "%6.1f s  %s", Duration.ofNanos(System.nanoTime() - begun).toMillis() / 1000.0, what));
    }

    private void pause(int mostMillis) {
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(mostMillis)).toNanos());
    }

    /** How often each. */
    Map<String, Integer> done() {
        return done;
    }

    /** Each with its time. */
    List<String> log() {
        return log;
    }
}
