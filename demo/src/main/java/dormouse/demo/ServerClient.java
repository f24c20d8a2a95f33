package dormouse.demo;

import dormouse.v1.ChatEvent;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmStatus;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The demo as a client of the server's gRPC door. For one thread. */
final class ServerClient implements AutoCloseable {
    private static final int MAX_TOKENS = 200;

    private final ManagedChannel channel;
    private final CompletableFuture<Child> lost;

    /** @param lost completes when a process that is needed has ended, so that nobody waits for it any longer */
    ServerClient(String address, CompletableFuture<Child> lost) {
        this.channel = NettyChannelBuilder.forTarget(address).usePlaintext().build();
        this.lost = lost;
    }

    /** Waits until an Llm is published. */
    Llm awaitPublished(String name, Duration patience) {
        return whileAllRun(() -> {
            Iterator<LlmEvent> events = LlmServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
                    .watchLlms(WatchLlmsRequest.newBuilder().setName(name).build());
            while (events.hasNext()) {
                LlmEvent event = events.next();
                Llm llm = event.getLlm();
                if (llm.getSpec().getName().equals(name) && llm.getStatus() != LlmStatus.LLM_STATUS_INACTIVE) {
                    return llm;
                }
            }
            throw new DemoException("the server ended the watch");
        });
    }

    /** Asks, and hands over what happens as it happens. */
    void ask(String llm, String prompt, Duration patience, Consumer<ChatEvent> events) {
        ChatRequest request = ChatRequest.newBuilder()
                .setLlm(llm)
                .setMaxTokens(MAX_TOKENS)
                .addMessages(ChatMessage.newBuilder().setRole("user").setContent(prompt))
                .build();
        whileAllRun(() -> {
            InferenceServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(patience.toMillis(), TimeUnit.MILLISECONDS)
                    .chat(request)
                    .forEachRemaining(events);
            return request;
        });
    }

    List<Llm> list() {
        return LlmServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .listLlms(ListLlmsRequest.getDefaultInstance())
                .getLlmsList();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private <T> T whileAllRun(Supplier<T> call) {
        CancellableContext context = Context.current().withCancellation();
        CompletableFuture<Void> givesUp = lost.thenAccept(child -> context.cancel(null));
        Context outer = context.attach();
        try {
            return call.get();
        } catch (StatusRuntimeException e) {
            if (lost.isDone()) {
                throw DemoException.ended(lost.join());
            }
            throw e;
        } finally {
            givesUp.cancel(false);
            context.detach(outer);
            context.cancel(null);
        }
    }
}
