package dormouse.server.control;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.Declaration.Origin;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the operator declares: in the server's file, brought into the rows at the start, and by calls. Decides on the
 * fleet's lane, saves, then has the {@link Host} serve what is declared now. Any thread; but for {@link #open} and
 * {@link #check} no method blocks.
 */
public final class PublicLlms implements FleetListener {
    /** Serves them. */
    public interface Host {
        /** What prevents this one from being served, naming the field; or null. May read a file. */
        @Nullable
        String check(Declaration declaration);

        /** Serves these from now on and no others. Does not block; {@code then} runs when it is so, on any thread. */
        void serve(List<Declaration> declared, Runnable then);
    }

    /** How many there may be: what one agent may register. */
    public static final int MOST = 1000;

    private static final String IN_FILE = "declared in the server's file";

    private final Fleet fleet;
    private final LlmStore store;
    private final Time time;
    private final List<Runnable> waiting = new ArrayList<>(); // on the lane
    private boolean stale; // on the lane
    private volatile Map<LlmName, Declaration> declared = Map.of();
    private volatile @Nullable Host host;

    public PublicLlms(Fleet fleet, LlmStore store, Time time) {
        this.fleet = fleet;
        this.store = store;
        this.time = time;
    }

    /**
     * Makes the rows say what the file says: what is new in it is registered, what has changed updated, what is gone
     * deleted. A name that an agent has published, and is away from, is the operator's from now on. Blocks; call once,
     * after {@link Fleet#open} and before anything else runs.
     *
     * @return what stands against it, in which case nothing is changed; else null
     */
    public @Nullable String open(List<Declaration> file) {
        Map<LlmName, Declaration> stored = byName(store.declarations());
        long created = stored.values().stream().filter(each -> !isOfFile(each)).count();
        if (file.size() + created > MOST) {
            return file.size() + " in the file and " + created + " by `dormouse create` are more than the " + MOST
                    + " that a server serves";
        }
        Instant now = time.now();
        List<Change> changes = new ArrayList<>();
        Set<LlmName> named = new HashSet<>();
        List<Llm> others = fleet.all().stream()
                .filter(row -> !row.state().publisherAway() && !isOfFile(stored.get(row.name())))
                .toList();
        for (Declaration said : file) {
            named.add(said.name());
            Declaration before = stored.get(said.name());
            if (before != null && before.origin() == Origin.CREATED) {
                return said.name() + " stands in the file and was declared by `dormouse create` too: take it out of"
                        + " the file, or start without it once and `dormouse delete` the other";
            }
            String clash = clash(said, others);
            if (clash != null) {
                return clash;
            }
            if (said.equals(before)) {
                continue;
            }
            Llm row = fleet.find(said.name());
            Step step = row != null && row.kind() == LlmKind.PUBLIC
                    ? Lifecycle.redeclare(row, said.spec(), IN_FILE, now)
                    : Lifecycle.declare(row, said.name(), said.spec(), IN_FILE, now);
            if (step instanceof Step.Refused refused) {
                return refused.failure().message();
            }
            if (step instanceof Step.Save save) {
                changes.add(save.change().with(said));
            }
        }
        for (Declaration before : stored.values()) {
            Llm row = fleet.find(before.name());
            if (before.origin() == Origin.FILE
                    && !named.contains(before.name())
                    && Lifecycle.remove(before.name(), row, "no longer in the server's file", now)
                            instanceof Step.Save save) {
                changes.add(save.change());
            }
        }
        try {
            fleet.apply(changes, now);
        } catch (StaleException e) {
            throw new StoreException("the PUBLIC Llms keep changing: another server declares them too", e);
        }
        return null;
    }

    /** From now on {@code server} serves what is declared; {@code then} runs once it does so for the first time. */
    public void serveBy(Host server, Runnable then) {
        host = server;
        fleet.listen(this);
        fleet.insist("PUBLIC Llms", () -> {
            waiting.add(then);
            reload();
        });
    }

    /** What prevents this one from being served, naming the field; or null. Blocks. */
    public @Nullable String check(Declaration declaration) {
        Host server = host;
        return server == null ? null : server.check(declaration);
    }

    /**
     * Declares one.
     *
     * @param actor on whose behalf
     * @param created hears of it when it is on disk and served
     * @param refused hears, on the lane or at once, why there will be none
     */
    public void create(Declaration said, String actor, Consumer<Llm> created, Consumer<Failure> refused) {
        decide(said.name(), refused, row -> toCreate(row, said).by(actor), () -> {
            Llm row = fleet.find(said.name());
            if (row != null) {
                waiting.add(() -> created.accept(row));
            }
        });
    }

    private Step toCreate(@Nullable Llm row, Declaration said) {
        String clash = clash(said, fleet.all());
        if (clash != null) {
            return new Step.Refused(Failure.of(Reason.NAME_EXISTS, clash));
        }
        if (declared.size() >= MOST) {
            return new Step.Refused(
                    Failure.of(Reason.TOO_LARGE, MOST + " PUBLIC Llms are declared, the most that a server serves"));
        }
        Step step = Lifecycle.declare(row, said.name(), said.spec(), "declared by the operator", time.now());
        return step instanceof Step.Save save ? new Step.Save(save.change().with(said)) : step;
    }

    /**
     * Removes one; its running tasks finish.
     *
     * @param actor on whose behalf
     * @param deleted hears of it when it is gone from disk
     * @param refused hears, on the lane or at once, why it stays
     */
    public void delete(LlmName name, String actor, Runnable deleted, Consumer<Failure> refused) {
        decide(name, refused, row -> toDelete(name, row).by(actor), deleted);
    }

    private Step toDelete(LlmName name, @Nullable Llm row) {
        return row != null && isOfFile(declared.get(name))
                ? new Step.Refused(Failure.of(
                        Reason.FORBIDDEN,
                        name + " stands in the server's file: take it out there, and start the server anew"))
                : Lifecycle.remove(name, row, "removed by the operator", time.now());
    }

    private void decide(
            LlmName name, Consumer<Failure> refused, Function<@Nullable Llm, Step> decision, Runnable saved) {
        boolean taken = fleet.offer(() -> {
            try {
                if (fleet.decide(name, decision) instanceof Step.Refused no) {
                    refused.accept(no.failure());
                } else {
                    saved.run();
                }
            } catch (StoreException e) {
                refused.accept(Fleet.storeUnavailable());
            }
        });
        if (!taken) {
            refused.accept(Fleet.busy());
        }
    }

    /** The host can't serve one, for a reason that is no secret. */
    public void unserved(LlmName name, String why) {
        Llm seen = fleet.find(name);
        if (seen != null && seen.state() == LlmState.DOWN) {
            return;
        }
        fleet.insist(
                "PUBLIC Llm not served",
                () -> fleet.decide(
                        name,
                        row -> row == null || row.kind() != LlmKind.PUBLIC
                                ? new Step.Keep("not there")
                                : Lifecycle.report(row, LlmStatus.INACTIVE, why, time.now())));
    }

    @Override
    public void changed(LlmEvent event) {
        if (event.llm().kind() == LlmKind.PUBLIC && saysWhatIsDeclared(event.type()) && !stale) {
            stale = true;
            fleet.insist("PUBLIC Llms", this::reload);
        }
    }

    private static boolean saysWhatIsDeclared(LlmEventType type) {
        return switch (type) {
            case REGISTERED, ADOPTED, UPDATED, DELETED -> true;
            case REACTIVATED, WAKE_STARTED, WOKE, WAKE_FAILED, SLEPT, DEACTIVATED, BACKEND_DOWN, BACKEND_UP -> false;
        };
    }

    /** From the store: the history, which memory is caught up from, does not say where a backend is. On the lane. */
    private void reload() {
        List<Declaration> all = fleet.ask(store::declarations);
        stale = false;
        declared = byName(all);
        List<Runnable> told = List.copyOf(waiting);
        waiting.clear();
        Host server = host;
        if (server != null) {
            server.serve(all, () -> told.forEach(Runnable::run));
        }
    }

    private static boolean isOfFile(@Nullable Declaration declaration) {
        return declaration != null && declaration.origin() == Origin.FILE;
    }

    /** Llms and pools share their names. */
    private static @Nullable String clash(Declaration said, Collection<Llm> rows) {
        for (Llm row : rows) {
            if (row.name().equals(said.name())) {
                continue;
            }
            if (row.spec().pool().equals(said.name().value())) {
                return said.name() + ": a pool has this name, that of " + row.name();
            }
            if (row.name().value().equals(said.spec().pool())) {
                return said.name() + ": its pool \"" + said.spec().pool() + "\" has the name of an Llm";
            }
        }
        return null;
    }

    private static Map<LlmName, Declaration> byName(List<Declaration> all) {
        return all.stream().collect(Collectors.toMap(Declaration::name, each -> each, (a, b) -> b, HashMap::new));
    }
}
