package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.AgentMessage;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ServerChannelsTest {
    @Test
    void the_addresses_are_tried_in_turn() throws Exception {
        Vertx vertx = Vertx.vertx();
        ScriptedServer scripted = new ScriptedServer();
        Server server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(scripted)
                .build()
                .start();
        List<String> addresses = List.of("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:" + server.getPort());
        ServerChannels channels = new ServerChannels(addresses, null);
        AgentConfig config = new AgentConfig(addresses, null, null, "desk", Path.of("unused"), false, List.of());
        try (Agent agent = Agent.start(
                config, new Agent.Environment(vertx, channels, new SplittableRandom(1), Duration.ofSeconds(15)))) {
            assertThat(channels.addresses()).isEqualTo(3);
            assertThat(scripted.accept()
                            .await(AgentMessage::hasRegister, "a registration")
                            .getRegister()
                            .getLlmsList())
                    .isEmpty();
            assertThat(agent).isNotNull();
        } finally {
            server.shutdownNow();
            scripted.close();
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
