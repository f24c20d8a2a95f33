package dormouse.server;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client on a real connection that checks each byte of a {@link PacedAgent}'s answer and keeps none; it may leave. */
final class CheckingClient {
    private final boolean takesAll;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable ClientCallStreamObserver<InferRequest> call;
    private volatile @Nullable Throwable error;
    private volatile boolean completed;
    private volatile boolean wrong;
    private volatile long received;

    /**
     * Asks for {@code bytes} bytes.
     *
     * @param messages so many it takes, and then no more
     * @param leaveAfter leaves once it has so many bytes
     */
    CheckingClient(Channel channel, String llm, long bytes, int messages, long leaveAfter) {
        takesAll = messages == Integer.MAX_VALUE;
        InferRequest request = InferRequest.newBuilder()
                .setLlm(llm)
                .setPath("bytes/" + bytes)
                .setInput(ByteString.copyFrom(new byte[100]))
                .build();
        InferenceServiceGrpc.newStub(channel).infer(request, new ClientResponseObserver<InferRequest, InferEvent>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<InferRequest> stream) {
                call = stream;
                if (messages < Integer.MAX_VALUE) {
                    stream.disableAutoRequestWithInitial(messages);
                }
            }

            @Override
            public void onNext(InferEvent event) {
                ByteString chunk = event.getChunk();
                for (int i = 0; i < chunk.size(); i++) {
                    wrong |= chunk.byteAt(i) != PacedAgent.at(received + i);
                }
                received += chunk.size();
                if (received >= leaveAfter) {
                    leave();
                }
            }

            @Override
            public void onError(Throwable t) {
                error = t;
                ended.countDown();
            }

            @Override
            public void onCompleted() {
                completed = true;
                ended.countDown();
            }
        });
    }

    void leave() {
        ClientCallStreamObserver<InferRequest> stream = call;
        if (stream != null) {
            stream.cancel("the test's client leaves", null);
        }
    }

    /** Whether it has ended within a time that is long for anything. */
    boolean await() throws InterruptedException {
        return ended.await(60, TimeUnit.SECONDS);
    }

    @Nullable
    Throwable error() {
        return error;
    }

    /** The reason with which it failed; empty while it has not, or where it left. */
    String reason() {
        Throwable failure = error;
        return failure == null ? "" : Problems.reason(failure);
    }

    boolean takesNoMore() {
        return !takesAll;
    }

    boolean completed() {
        return completed;
    }

    /** Whether any byte was not the one of its place. */
    boolean wrong() {
        return wrong;
    }

    long received() {
        return received;
    }
}
