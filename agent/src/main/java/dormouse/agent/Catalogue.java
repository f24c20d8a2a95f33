package dormouse.agent;

import dormouse.agent.Sighting.Find;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an agent publishes: what its file lists, and where it is to discover, what is found beside that. On the loop alone. */
final class Catalogue {
    private static final Logger log = LoggerFactory.getLogger(Catalogue.class);

    /** Makes a discovery that tells what it finds, and has not begun. */
    interface Discoveries extends Function<java.util.function.Consumer<List<Find>>, Discovery> {}

    private final Discoveries discoveries;
    private final Runnable changed;
    private final FoundNames names = new FoundNames();
    private List<LlmConfig> listed = List.of();
    private List<Find> finds = List.of();
    private List<LlmConfig> found = List.of();
    private @Nullable Discovery discovery;
    private boolean beginning;

    /** @param changed called when something else was found than before */
    Catalogue(Discoveries discoveries, Runnable changed) {
        this.discoveries = discoveries;
        this.changed = changed;
    }

    /** Everything, that of the file first. */
    List<LlmConfig> llms() {
        List<LlmConfig> all = new ArrayList<>(listed);
        all.addAll(found);
        return all;
    }

    /** Takes over what the file says now; completes when {@link #llms} is so. */
    CompletableFuture<Void> list(List<LlmConfig> llms, boolean discover) {
        listed = List.copyOf(llms);
        if (!discover) {
            close();
            finds = List.of();
        }
        name();
        if (!discover || discovery != null) {
            return CompletableFuture.completedFuture(null);
        }
        discovery = discoveries.apply(this::found);
        beginning = true;
        return discovery.start().thenRun(() -> {
            beginning = false;
            if (found.isEmpty()) {
                log.info("nothing found on the local ports yet; looking on");
            }
        });
    }

    /** Finds nothing more. */
    void close() {
        if (discovery != null) {
            discovery.stop();
            discovery = null;
        }
    }

    private void found(List<Find> now) {
        finds = now;
        if (name() && !beginning) {
            changed.run();
        }
    }

    private boolean name() {
        List<LlmConfig> before = found;
        found = names.llms(finds, listed);
        Set<LlmConfig> fresh = new LinkedHashSet<>(found);
        before.forEach(fresh::remove);
        Set<LlmConfig> gone = new LinkedHashSet<>(before);
        found.forEach(gone::remove);
        gone.forEach(llm -> log.info("gone llm={} type={} url={}", llm.name(), llm.type(), llm.url()));
        fresh.forEach(llm -> log.info(
                "found llm={} type={} url={} model=\"{}\"",
                llm.name(),
                llm.type(),
                llm.url(),
                Failures.oneLine(llm.model())));
        return !fresh.isEmpty() || !gone.isEmpty();
    }
}
