package dormouse.server.link;

import com.google.protobuf.ByteString;
import dormouse.contract.Times;
import dormouse.server.control.InferOrder;
import dormouse.server.control.Registered;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import dormouse.v1.Cancel;
import dormouse.v1.Drain;
import dormouse.v1.Heartbeat;
import dormouse.v1.HeartbeatAck;
import dormouse.v1.Infer;
import dormouse.v1.Probe;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.TaskPosition;
import dormouse.v1.Wake;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** What agents are told, as messages of the contract. Stateless. */
final class Orders {
    private Orders() {}

    /**
     * @param grace how long the tasks of a lost stream wait for it to come back
     * @param tasks those of the lost stream that go on
     */
    static ServerMessage registered(
            Registered.Accepted accepted, AgentLink.Conditions conditions, Duration grace, List<TaskPosition> tasks) {
        dormouse.v1.Registered.Builder registered = dormouse.v1.Registered.newBuilder()
                .setSessionId(accepted.session().value())
                .setEpoch(accepted.epoch())
                .setResumed(accepted.resumed())
                .setHeartbeatInterval(Times.duration(conditions.terms().heartbeatInterval()))
                .setHeartbeatTimeout(Times.duration(conditions.terms().heartbeatTimeout()))
                .setWindowBytes(conditions.windowBytes())
                .setFrameBytes(conditions.frameBytes())
                .setResumeGrace(Times.duration(grace))
                .setReplicaId(conditions.replica());
        if (accepted.newToken() != null) {
            registered.setResumeToken(ByteString.copyFrom(accepted.newToken(), StandardCharsets.UTF_8));
        }
        registered.addAllTasks(tasks);
        accepted.grants().forEach(grant -> registered.addGrants(Messages.grant(grant)));
        return ServerMessage.newBuilder().setRegistered(registered).build();
    }

    static ServerMessage heard(Heartbeat heartbeat) {
        return ServerMessage.newBuilder()
                .setHeartbeatAck(HeartbeatAck.newBuilder().setSeq(heartbeat.getSeq()))
                .build();
    }

    static ServerMessage wake(TaskId task, LlmName llm) {
        return ServerMessage.newBuilder()
                .setWake(Wake.newBuilder().setTaskId(task.value()).setLlm(llm.value()))
                .build();
    }

    static ServerMessage sleep(TaskId task, LlmName llm) {
        return ServerMessage.newBuilder()
                .setSleep(Sleep.newBuilder().setTaskId(task.value()).setLlm(llm.value()))
                .build();
    }

    /** The order alone; its input follows in frames. */
    static ServerMessage infer(InferOrder order) {
        return ServerMessage.newBuilder()
                .setInfer(Infer.newBuilder()
                        .setTaskId(order.task().value())
                        .setLlm(order.llm().value())
                        .setPath(order.path())
                        .setContentType(order.contentType())
                        .setInputBytes(order.input().remaining())
                        .setTimeout(Times.duration(order.total()))
                        .setFirstByteTimeout(Times.duration(order.firstByte()))
                        .setIdleTimeout(Times.duration(order.idle()))
                        .putAllHeaders(order.headers()))
                .build();
    }

    static ServerMessage cancel(TaskId task, Failure why) {
        return ServerMessage.newBuilder()
                .setCancel(Cancel.newBuilder().setTaskId(task.value()).setReason(Messages.status(why)))
                .build();
    }

    static ServerMessage probe() {
        return ServerMessage.newBuilder().setProbe(Probe.getDefaultInstance()).build();
    }

    static ServerMessage drain(Duration reconnectWithin, Duration finishWithin) {
        return ServerMessage.newBuilder()
                .setDrain(Drain.newBuilder()
                        .setReconnectWithin(Times.duration(reconnectWithin))
                        .setFinishWithin(Times.duration(finishWithin)))
                .build();
    }
}
