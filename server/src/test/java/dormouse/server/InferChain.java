package dormouse.server;

import com.google.protobuf.ByteString;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.Phase;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Infers in a number of chains, each the next one as soon as the one before has ended, which compares every answer with
 * what it asked for. The number of those that have ended can be waited for.
 */
final class InferChain {
    private final String llm;
    private final Queue<String> lost = new ConcurrentLinkedQueue<>();
    private int left; // all under this
    private int asked;
    private int ended;
    private int answered;
    private int sentTwice;

    InferChain(String llm) {
        this.llm = llm;
    }

    /** So many more, in as many chains as there are channels. */
    void start(int infers, Channel... channels) {
        synchronized (this) {
            left += infers;
        }
        for (Channel channel : channels) {
            next(channel);
        }
    }

    private void next(Channel channel) {
        String body;
        synchronized (this) {
            if (left == 0) {
                return;
            }
            left--;
            body = "{\"n\":" + ++asked + "}";
        }
        InferRequest request = InferRequest.newBuilder()
                .setLlm(llm)
                .setPath("chat/completions")
                .setContentType("application/json")
                .setInput(ByteString.copyFromUtf8(body))
                .build();
        InferenceServiceGrpc.newStub(channel).infer(request, new StreamObserver<>() {
            private ByteString answer = ByteString.EMPTY;
            private int sent;

            @Override
            public void onNext(InferEvent event) {
                answer = answer.concat(event.getChunk());
                if (event.getPhase().getKind() == Phase.Kind.KIND_DISPATCHED) {
                    sent++;
                }
            }

            @Override
            public void onError(Throwable failure) {
                lost.add(body + ": " + failure);
                end(false, sent);
                next(channel);
            }

            @Override
            public void onCompleted() {
                // The model's name is put into the body where it has none.
                boolean whole = answer.toStringUtf8().startsWith("answer to ")
                        && answer.toStringUtf8().contains(body.substring(1, body.length() - 1));
                if (!whole) {
                    lost.add(body + ": " + answer.toStringUtf8());
                }
                end(whole, sent);
                next(channel);
            }
        });
    }

    private synchronized void end(boolean whole, int sent) {
        ended++;
        answered += whole ? 1 : 0;
        sentTwice += sent > 1 ? 1 : 0;
        notifyAll();
    }

    /** Waits until so many have ended since the beginning. */
    synchronized void await(int number) throws InterruptedException {
        while (ended < number) {
            wait();
        }
    }

    synchronized int ended() {
        return ended;
    }

    synchronized int answered() {
        return answered;
    }

    /** Those that met a backend that had just been put to sleep. */
    synchronized int sentTwice() {
        return sentTwice;
    }

    /** What became of those that were not answered as they should be. */
    Queue<String> lost() {
        return lost;
    }
}
