package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.v1.GetLlmRequest;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a load balancer and a curious client ask of any gRPC server. */
class HealthAndReflectionTest {
    private final Harness server = Harness.start();

    @AfterEach
    void close() {
        server.close();
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(server.channel())
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    @Test
    void aServerThatServesSaysSo() {
        assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void aServerThatDrainsSaysThatItServesNoLongerWhileItStillAnswers() throws Exception {
        Probe<HealthCheckResponse> watch = new Probe<>(
                Integer.MAX_VALUE,
                ears -> HealthGrpc.newStub(server.channel()).watch(HealthCheckRequest.getDefaultInstance(), ears));

        server.server().drain(Duration.ofSeconds(1));

        assertThat(health("")).isEqualTo(ServingStatus.NOT_SERVING);
        assertThat(watch.heard())
                .extracting(HealthCheckResponse::getStatus)
                .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
        assertThatThrownBy(() -> server.llms()
                        .getLlm(GetLlmRequest.newBuilder().setName("a").build()))
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.NOT_FOUND));
        ScriptedAgent late = server.agent("late");
        late.ask();
        assertThat(late.endedWith()).isEqualTo("REPLICA_DRAINING");
        assertThat(server.infer("a").reason()).isEqualTo("REPLICA_DRAINING");
    }

    @Test
    void theHealthOfAnUnknownServiceIsUnknown() {
        assertThatThrownBy(() -> health("nothing.like.it"))
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.NOT_FOUND));
    }

    @Test
    void reflectionNamesTheServicesAndDescribesThem() {
        Probe<ServerReflectionResponse> answers = new Probe<>(Integer.MAX_VALUE, ears -> {
            StreamObserver<ServerReflectionRequest> questions =
                    ServerReflectionGrpc.newStub(server.channel()).serverReflectionInfo(ears);
            questions.onNext(
                    ServerReflectionRequest.newBuilder().setListServices("").build());
            questions.onNext(ServerReflectionRequest.newBuilder()
                    .setFileContainingSymbol("dormouse.v1.LlmService")
                    .build());
            questions.onCompleted();
        });

        assertThat(answers.heard().get(0).getListServicesResponse().getServiceList())
                .extracting(ServiceResponse::getName)
                .contains(
                        "dormouse.v1.AgentService",
                        "dormouse.v1.LlmService",
                        "dormouse.v1.InferenceService",
                        "dormouse.v1.AdminService",
                        "grpc.health.v1.Health");
        assertThat(answers.heard().get(1).getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
    }
}
