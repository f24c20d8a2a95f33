package dormouse.agent;

import dormouse.agent.Sighting.Find;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows what appears and disappears on the local ports, one look at a time for each. What a server that answers no
 * longer has is gone at once; a server that doesn't answer is gone after three looks in a row, so that a restart makes no
 * name flap. On the loop alone.
 */
final class Discovery {
    private static final Logger log = LoggerFactory.getLogger(Discovery.class);
    private static final int LOOKS_UNTIL_GONE = 3;
    /** Who isn't a model server shall not be asked all the time: every sixth look. */
    private static final int LOOKS_SPARED = 5;

    private final Loop loop;
    private final IntFunction<CompletableFuture<Sighting>> look;
    private final Duration interval;
    private final List<Port> ports;
    private final Consumer<List<Find>> changed;
    private boolean stopped;

    /**
     * @param look at a port; never fails
     * @param changed hears all that is there now, in the order of the ports, whenever that is something else
     */
    Discovery(
            Loop loop,
            List<Integer> ports,
            Duration interval,
            IntFunction<CompletableFuture<Sighting>> look,
            Consumer<List<Find>> changed) {
        this.loop = loop;
        this.look = look;
        this.interval = interval;
        this.changed = changed;
        this.ports = ports.stream().map(Port::new).toList();
    }

    /** Begins to look; completes when each port has been looked at once, and what is there has been told. */
    CompletableFuture<Void> start() {
        CompletableFuture<Void> first = CompletableFuture.allOf(ports.stream()
                .map(port -> look.apply(port.number).thenAccept(seen -> {
                    port.take(seen);
                    later(port);
                }))
                .toArray(CompletableFuture[]::new));
        return first.thenRun(this::tell);
    }

    void stop() {
        stopped = true;
        ports.forEach(port -> {
            if (port.next != null) {
                port.next.cancel();
            }
        });
    }

    private void later(Port port) {
        if (!stopped) {
            port.next = loop.after(interval, () -> look(port));
        }
    }

    private void look(Port port) {
        if (port.spared > 0) {
            port.spared--;
            later(port);
            return;
        }
        Then.accept(look.apply(port.number), seen -> {
            if (stopped) {
                return;
            }
            if (port.take(seen)) {
                tell();
            }
            later(port);
        });
    }

    private void tell() {
        if (!stopped) {
            List<Find> all = new ArrayList<>();
            ports.forEach(port -> all.addAll(port.models));
            changed.accept(all);
        }
    }

    /** What is known of one port. */
    private static final class Port {
        final int number;
        List<Find> models = List.of();
        int spared;
        Loop.@Nullable Timer next;
        private int missed;
        private String stranger = "";

        Port(int number) {
            this.number = number;
        }

        /** Whether it has other models than before. */
        boolean take(Sighting seen) {
            if (seen instanceof Sighting.Server server) {
                missed = 0;
                stranger = "";
                boolean other = !server.models().equals(models);
                models = server.models();
                return other;
            }
            if (seen instanceof Sighting.Stranger someone) {
                spared = models.isEmpty() ? LOOKS_SPARED : 0;
                if (!someone.what().equals(stranger)) {
                    stranger = someone.what();
                    log.info("port is left alone port={} reason=\"{}\"", number, stranger);
                }
            }
            if (++missed < LOOKS_UNTIL_GONE || models.isEmpty()) {
                return false;
            }
            models = List.of();
            return true;
        }
    }
}
