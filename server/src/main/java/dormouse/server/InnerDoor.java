package dormouse.server;

import dormouse.agent.ChannelSource;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** A gRPC door within this process: nobody outside can come in by it, and messages pass it as they are. */
final class InnerDoor implements ChannelSource, AutoCloseable {
    private final String name = InProcessServerBuilder.generateName();
    private final Server server;

    /** @param link what is behind it; must not block, since it runs on the callers' threads */
    InnerDoor(BindableService link) {
        try {
            server = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .addService(link)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is opened within a process that could fail", e);
        }
    }

    @Override
    public ManagedChannel open(Executor callbacks) {
        return InProcessChannelBuilder.forName(name).executor(callbacks).build();
    }

    @Override
    public String describe() {
        return "in-process";
    }

    @Override
    public void close() throws InterruptedException {
        server.shutdownNow();
        server.awaitTermination(1, TimeUnit.SECONDS);
    }
}
