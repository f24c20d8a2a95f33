package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Owner;
import dormouse.server.relay.Live;
import dormouse.server.relay.Sight;
import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Rows as clients see them: what is stored, with the counts and times that only the running server knows. Any thread. */
final class Views {
    private final Live.Source source;
    private final Wakes wakes;

    Views(Live.Source source, Wakes wakes) {
        this.source = source;
        this.wakes = wakes;
    }

    /** As it stands now. */
    Llm live(dormouse.server.fleet.Llm llm) {
        Live now = source.of(llm);
        Llm.Builder view = row(llm).setActiveTasks(now.activeTasks()).setQueuedTasks(now.queuedTasks());
        Instant heard = now.lastHeartbeat();
        if (heard != null) {
            view.setLastHeartbeatTime(Times.timestamp(heard));
        }
        Duration expected = now.expectedWake();
        if (expected != null) {
            view.setExpectedWake(Times.duration(expected));
        }
        return view.build();
    }

    /** Since when the Llm's wake is under way, in {@link dormouse.server.control.Time#nanos}; null where none is. */
    @Nullable
    Long wakingSince(LlmName llm) {
        return wakes.startedAt(llm);
    }

    /** As it was after an event. */
    dormouse.v1.LlmEvent event(LlmEvent event) {
        return dormouse.v1.LlmEvent.newBuilder()
                .setRevision(event.revision())
                .setType(type(event.type()))
                .setLlm(row(event.llm()))
                .setDetail(event.detail())
                .setActor(event.actor())
                .setTime(Times.timestamp(event.time()))
                .build();
    }

    /** As a watcher is shown it. */
    dormouse.v1.LlmEvent sight(Sight sight) {
        if (sight instanceof Sight.Changed changed) {
            return event(changed.event());
        }
        Sight.Mark mark = (Sight.Mark) sight;
        dormouse.v1.LlmEvent.Builder event = dormouse.v1.LlmEvent.newBuilder()
                .setType(type(mark.kind()))
                .setRevision(mark.revision())
                .setTime(Times.timestamp(mark.time()));
        if (mark.llm() != null) {
            event.setLlm(live(mark.llm()));
        }
        return event.build();
    }

    private static dormouse.v1.LlmEvent.Type type(Sight.Kind kind) {
        return switch (kind) {
            case SNAPSHOT -> dormouse.v1.LlmEvent.Type.TYPE_SNAPSHOT;
            case SNAPSHOT_END -> dormouse.v1.LlmEvent.Type.TYPE_SNAPSHOT_END;
            case LOAD -> dormouse.v1.LlmEvent.Type.TYPE_LOAD;
            case BOOKMARK -> dormouse.v1.LlmEvent.Type.TYPE_BOOKMARK;
        };
    }

    private static Llm.Builder row(dormouse.server.fleet.Llm llm) {
        Llm.Builder view = Llm.newBuilder()
                .setSpec(spec(llm))
                .setKind(kind(llm.kind()))
                .setStatus(status(llm.status()))
                .setStatusReason(llm.reason())
                .setCreateTime(Times.timestamp(llm.createTime()))
                .setUpdateTime(Times.timestamp(llm.updateTime()))
                .setRevision(llm.revision());
        Owner owner = llm.owner();
        if (owner != null) {
            view.setSessionId(owner.session().value())
                    .setAgentName(owner.agentName())
                    .setOwnerEpoch(owner.epoch());
            if (!llm.state().publisherAway()) {
                view.setReplicaId(owner.replica());
            }
        }
        Instant heartbeat = llm.lastHeartbeat();
        if (heartbeat != null) {
            view.setLastHeartbeatTime(Times.timestamp(heartbeat));
        }
        Instant inactive = llm.inactiveSince();
        if (inactive != null) {
            view.setInactiveSince(Times.timestamp(inactive));
        }
        return view;
    }

    private static LlmSpec.Builder spec(dormouse.server.fleet.Llm llm) {
        dormouse.server.fleet.LlmSpec said = llm.spec();
        LlmSpec.Builder spec = LlmSpec.newBuilder()
                .setName(llm.name().value())
                .setModel(said.model())
                .setPool(said.pool())
                .setConcurrency(said.concurrency())
                .setWakeable(said.wakeable())
                .setSleepable(said.sleepable())
                .putAllLabels(said.labels())
                .setType(said.type());
        if (said.wakeable()) {
            spec.setMaxWait(Times.duration(said.maxWait()));
        }
        return spec;
    }

    static LlmKind kind(dormouse.server.fleet.LlmKind kind) {
        return switch (kind) {
            case PUBLIC -> LlmKind.LLM_KIND_PUBLIC;
            case VIRTUAL -> LlmKind.LLM_KIND_VIRTUAL;
        };
    }

    static LlmStatus status(dormouse.server.fleet.LlmStatus status) {
        return switch (status) {
            case ACTIVE -> LlmStatus.LLM_STATUS_ACTIVE;
            case HIBERNATING -> LlmStatus.LLM_STATUS_HIBERNATING;
            case WAKING -> LlmStatus.LLM_STATUS_WAKING;
            case INACTIVE -> LlmStatus.LLM_STATUS_INACTIVE;
        };
    }

    private static dormouse.v1.LlmEvent.Type type(LlmEventType type) {
        return switch (type) {
            case REGISTERED -> dormouse.v1.LlmEvent.Type.TYPE_REGISTERED;
            case REACTIVATED -> dormouse.v1.LlmEvent.Type.TYPE_REACTIVATED;
            case ADOPTED -> dormouse.v1.LlmEvent.Type.TYPE_ADOPTED;
            case WAKE_STARTED -> dormouse.v1.LlmEvent.Type.TYPE_WAKE_STARTED;
            case WOKE -> dormouse.v1.LlmEvent.Type.TYPE_WOKE;
            case WAKE_FAILED -> dormouse.v1.LlmEvent.Type.TYPE_WAKE_FAILED;
            case SLEPT -> dormouse.v1.LlmEvent.Type.TYPE_SLEPT;
            case DEACTIVATED -> dormouse.v1.LlmEvent.Type.TYPE_DEACTIVATED;
            case UPDATED -> dormouse.v1.LlmEvent.Type.TYPE_UPDATED;
            case DELETED -> dormouse.v1.LlmEvent.Type.TYPE_DELETED;
            case BACKEND_DOWN -> dormouse.v1.LlmEvent.Type.TYPE_BACKEND_DOWN;
            case BACKEND_UP -> dormouse.v1.LlmEvent.Type.TYPE_BACKEND_UP;
        };
    }
}
