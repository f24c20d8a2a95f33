package dormouse.server.link;

import dormouse.server.auth.Visit;
import dormouse.server.control.Reception;
import dormouse.server.control.Sleeps;
import dormouse.server.control.Time;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Terms;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.ServerMessage;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where agents connect: a new {@link AgentStream} for each. */
public final class AgentLink extends AgentServiceGrpc.AgentServiceImplBase {
    /**
     * What every agent is told about its stream.
     *
     * @param windowBytes of each task, in both directions
     * @param frameBytes the largest piece of data in one message
     * @param framesPerSecond how many messages an agent may send in a second
     */
    public record Conditions(Terms terms, int windowBytes, int frameBytes, int framesPerSecond, String replica) {}

    /**
     * Whom streams speak to.
     *
     * @param reception whose agents come in here
     */
    public record Inside(Reception reception, Wakes wakes, Sleeps sleeps, SuspendedTasks suspended, Time time) {}

    /** Of the stream that is being opened: put there by whoever stands before the door. */
    public static final Context.Key<Visit> VISIT = Context.key("dormouse-link-visit");

    private static final int PREFETCH = 32;

    private final Inside inside;
    private final Conditions conditions;
    private final Supplier<@Nullable Visit> visits;

    /** @param visits says, on the thread of a call that comes in, who it is */
    public AgentLink(Inside inside, Conditions conditions, Supplier<@Nullable Visit> visits) {
        this.inside = inside;
        this.conditions = conditions;
        this.visits = visits;
    }

    @Override
    public StreamObserver<AgentMessage> connect(StreamObserver<ServerMessage> responses) {
        ServerCallStreamObserver<ServerMessage> out = (ServerCallStreamObserver<ServerMessage>) responses;
        Visit visit = visits.get();
        if (visit == null) {
            throw new IllegalStateException("an agent came in past the guard");
        }
        AgentStream stream = new AgentStream(out, visit.caller(), inside, conditions);
        StreamBounds bounds = new StreamBounds(stream, inside.time(), conditions.framesPerSecond());
        stream.whenOver(bounds::over);
        bounds.begin();
        out.disableAutoRequest();
        out.setOnReadyHandler(stream::ready);
        out.setOnCancelHandler(() -> stream.ended("its connection was lost"));
        visit.whenEnded(stream::close);
        out.request(PREFETCH);
        return new StreamObserver<>() {
            @Override
            public void onNext(AgentMessage message) {
                try {
                    if (bounds.allow(message)) {
                        stream.receive(message);
                    }
                } catch (IllegalArgumentException | ArithmeticException e) {
                    stream.close(Failure.of(Reason.MALFORMED, Messages.text(String.valueOf(e.getMessage()))));
                }
                out.request(1);
            }

            @Override
            public void onError(Throwable cause) {
                stream.ended("its connection was lost");
            }

            @Override
            public void onCompleted() {
                stream.completed();
            }
        };
    }
}
