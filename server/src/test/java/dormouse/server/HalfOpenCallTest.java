package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.CreateTokenResponse;
import dormouse.v1.Role;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that are let in, and whose message does not come, or comes when nobody may call any more. Failure list, 24. */
class HalfOpenCallTest {
    private final Harness server = Harness.start("auth.mode=token");

    @AfterEach
    void close() {
        server.close();
    }

    /** One call, of which the head alone has been sent. */
    private static final class Half extends ClientCall.Listener<Object> {
        final String method;
        private final ClientCall<Object, Object> call;
        private final Object request;
        private int answers;

        @Nullable
        Status status;

        @SuppressWarnings("unchecked")
        Half(io.grpc.Channel channel, MethodDescriptor<?, ?> method) {
            this.method = method.getFullMethodName();
            this.call = channel.newCall((MethodDescriptor<Object, Object>) method, CallOptions.DEFAULT);
            this.request = ((PrototypeMarshaller<?>) method.getRequestMarshaller()).getMessagePrototype();
            call.start(this, new Metadata());
            call.request(2);
        }

        void goOn() {
            if (status == null) {
                call.sendMessage(request);
                call.halfClose();
            }
        }

        @Override
        public void onMessage(Object message) {
            answers++;
        }

        @Override
        public void onClose(Status how, Metadata trailers) {
            status = how;
        }
    }

    private Stream<MethodDescriptor<?, ?>> methods() {
        return server.server().grpcServices().stream()
                .map(ServerServiceDefinition::getServiceDescriptor)
                .filter(service -> service.getName().startsWith("dormouse."))
                .flatMap(service -> service.getMethods().stream());
    }

    @Test
    void whoseTokenIsRevokedBeforeItsMessageDoesNothingMore() {
        CreateTokenResponse admin = server.made(Role.ROLE_ADMIN, null);
        List<Half> calls = new ArrayList<>();
        methods().forEach(method -> calls.add(new Half(server.channel(admin.getSecret()), method)));
        assertThat(calls).hasSizeGreaterThan(15).allMatch(call -> call.status == null);

        server.revoke(admin.getToken().getId());
        calls.forEach(Half::goOn);

        for (Half call : calls) {
            await().until(() -> call.status != null);
            assertThat(call.status.getCode()).as(call.method).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(call.answers).as(call.method).isZero();
        }
        assertThat(server.server().visits()).isZero();
    }

    @Test
    void whoseMessageDoesNotComeEnds() {
        List<Half> calls = new ArrayList<>();
        methods().forEach(method -> calls.add(new Half(server.channel(server.firstToken()), method)));
        server.advance(Duration.ofMinutes(2));

        for (Half call : calls) {
            await().until(() -> call.status != null);
            assertThat(call.status.getCode()).as(call.method).isEqualTo(Status.Code.INVALID_ARGUMENT);
        }
        assertThat(server.server().visits()).isZero();
    }
}
