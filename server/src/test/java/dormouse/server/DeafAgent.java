package dormouse.server;

import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An agent on a real connection that registers, and from then on speaks without reading. */
final class DeafAgent {
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private @Nullable ClientCallStreamObserver<AgentMessage> out;

    DeafAgent(Channel channel, String llm) {
        AgentServiceGrpc.newStub(channel).connect(new ClientResponseObserver<AgentMessage, ServerMessage>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<AgentMessage> stream) {
                out = stream;
                stream.disableAutoRequestWithInitial(1);
            }

            @Override
            public void onNext(ServerMessage message) {}

            @Override
            public void onError(Throwable t) {
                end.complete(Problems.reason(t));
            }

            @Override
            public void onCompleted() {
                end.complete("");
            }
        });
        send(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder().setAgentName("deaf").addLlms(ScriptedAgent.awake(llm))));
    }

    boolean ready() {
        return stream().isReady();
    }

    void send(AgentMessage.Builder message) {
        stream().onNext(message.build());
    }

    /** Reads all that is there after all. */
    void listen() {
        stream().request(1_000_000);
    }

    /** With which the server ended its stream. */
    String reason() throws Exception {
        return end.get(30, TimeUnit.SECONDS);
    }

    private ClientCallStreamObserver<AgentMessage> stream() {
        if (out == null) {
            throw new IllegalStateException("not connected");
        }
        return out;
    }
}
