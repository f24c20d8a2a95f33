package dormouse.agent;

import static dormouse.agent.BlipScene.at;
import static dormouse.agent.BlipScene.registration;
import static dormouse.agent.BlipScene.said;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.BlipScene.Asked;
import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.Drain;
import dormouse.v1.ServerMessage;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that are lost with tasks on them. */
class BlipTest {
    private final BlipScene scene = new BlipScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void goes_on_with_its_backend_and_sends_what_the_server_has_not_got() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one ");
        backend.says("two ");
        scene.known = List.of(at("t", 4, 2, true)); // "two " is lost with the stream
        peer.fail(Status.UNAVAILABLE.asRuntimeException());
        scene.loop.run();
        backend.says("three");

        Peer next = scene.server.accept();

        assertThat(registration(next).getTasksList()).containsExactly(at("t", 8, 2, true));
        assertThat(said(next, "t")).containsExactly("4:two ", "8:three");
        backend.ends();
        assertThat(said(next, "t")).containsExactly("4:two ", "8:three", "end 13");
        assertThat(scene.asked).hasSize(1);
    }

    @Test
    void a_head_that_was_lost_is_sent_again() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one");
        scene.known = List.of(at("t", 0, 2, false));
        scene.lose(peer);

        Peer next = scene.server.accept();

        assertThat(registration(next).getTasksList()).containsExactly(at("t", 3, 2, true));
        assertThat(said(next, "t")).containsExactly("head", "0:one");
    }

    @Test
    void an_ended_task_is_kept_until_the_server_has_its_end() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one");
        backend.ends();
        assertThat(said(peer, "t")).containsExactly("head", "0:one", "end 3");
        scene.known = List.of(at("t", 0, 2, true));
        scene.lose(peer);

        Peer next = scene.server.accept();
        assertThat(registration(next).getTasksList()).containsExactly(at("t", 3, 2, true));
        assertThat(said(next, "t")).containsExactly("0:one", "end 3");
        scene.ended(next, "t");
        scene.known = List.of();
        scene.lose(next);
        scene.loop.advance(Duration.ofSeconds(2));
        assertThat(registration(scene.server.accept()).getTasksList())
                .as("forgotten")
                .isEmpty();
    }

    @Test
    void while_it_is_suspended_the_backend_is_read_as_far_as_the_window_allows() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        scene.server.registrar = register -> null; // the next stream is not answered
        scene.lose(peer);
        for (int i = 0; i < 30; i++) {
            backend.says("x".repeat(100));
        }

        assertThat(backend.pieces)
                .as("pieces of 100 bytes that it was not asked for")
                .hasSize(20);
        assertThat(backend.closed).isFalse();
    }

    @Test
    void an_input_goes_on_and_what_was_consumed_is_said_again() {
        Peer peer = scene.attach();
        byte[] body = ("{\"a\":\"" + "x".repeat(1500) + "\"}").getBytes(StandardCharsets.UTF_8);
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("t", "qwen", body.length)));
        AgentHarness.input(peer, "t", 0, java.util.Arrays.copyOf(body, 700), false);
        scene.loop.run();
        scene.known = List.of(at("t", 0, 700, false));
        scene.lose(peer);

        Peer next = scene.server.accept();
        assertThat(registration(next).getTasksList()).containsExactly(at("t", 0, 700, false));
        assertThat(next.await(AgentMessage::hasWindow, "what it has")
                        .getWindow()
                        .getConsumed())
                .isEqualTo(700);
        AgentHarness.input(next, "t", 700, java.util.Arrays.copyOfRange(body, 700, body.length), true);
        scene.loop.run();
        assertThat(scene.asked).hasSize(1);
    }

    @Test
    void what_the_server_does_not_know_is_dropped_and_the_backend_left() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one");
        scene.lose(peer);

        Peer next = scene.server.accept();

        assertThat(backend.closed).isTrue();
        assertThat(said(next, "t")).isEmpty();
    }

    @Test
    void after_the_grace_it_is_dropped() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        scene.server.registrar = register -> null;
        scene.lose(peer);
        scene.loop.advance(Duration.ofMillis(9_999));
        assertThat(backend.closed).isFalse();
        scene.loop.advance(Duration.ofMillis(1));
        assertThat(backend.closed).isTrue();
    }

    @Test
    void tries_are_at_most_2_s_apart_meanwhile() {
        Peer peer = scene.attach();
        scene.ask(peer, "t");
        scene.server.refusal = Status.UNAVAILABLE.asRuntimeException();
        scene.lose(peer);
        scene.server.streams.clear();
        for (int i = 0; i < 4; i++) {
            scene.loop.advance(Duration.ofSeconds(2));
            assertThat(scene.server.streams).as("tries in 2 s").isNotEmpty();
            scene.server.streams.clear();
        }
    }

    @Test
    void where_the_server_grants_no_grace_its_tasks_end_with_the_stream() {
        scene.grace = Duration.ZERO;
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        scene.lose(peer);

        assertThat(backend.closed).isTrue();
        assertThat(registration(scene.server.accept()).getTasksList()).isEmpty();
    }

    @Test
    void a_position_that_cannot_be_ends_that_task_alone() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one");
        Asked other = scene.ask(peer, "u");
        other.begin();
        other.says("two");
        scene.known = List.of(at("t", 100, 2, true), at("u", 3, 2, true));
        scene.lose(peer);

        Peer next = scene.server.accept();
        assertThat(said(next, "t")).containsExactly("end 3 MALFORMED");
        assertThat(backend.closed).isTrue();
        other.says("!");
        assertThat(said(next, "u")).containsExactly("3:!");
    }

    @Test
    void a_cancel_after_the_blip_ends_it() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        backend.says("one");
        scene.known = List.of(at("t", 3, 2, true));
        scene.lose(peer);
        Peer next = scene.server.accept();
        scene.send(
                next,
                ServerMessage.newBuilder()
                        .setCancel(Cancel.newBuilder()
                                .setTaskId("t")
                                .setReason(Problems.status(Status.Code.CANCELLED, "CLIENT_GONE", "gone"))));

        assertThat(backend.closed).isTrue();
        assertThat(said(next, "t")).containsExactly("end 3 CLIENT_GONE");
    }

    @Test
    void the_tasks_of_a_drained_stream_end_with_it() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        backend.begin();
        scene.send(
                peer,
                ServerMessage.newBuilder()
                        .setDrain(Drain.newBuilder()
                                .setReconnectWithin(Spans.proto(Duration.ofMillis(1)))
                                .setFinishWithin(Spans.proto(Duration.ofSeconds(30)))));
        scene.loop.advance(Duration.ofMillis(1));
        Peer next = scene.server.accept();
        assertThat(registration(next).getTasksList())
                .as("they finish on the old stream")
                .isEmpty();
        backend.says("old");
        assertThat(said(peer, "t")).containsExactly("head", "0:old");
        scene.lose(peer);
        assertThat(backend.closed).isTrue();
    }

    @Test
    void a_session_that_is_refused_takes_its_tasks_along() {
        Peer peer = scene.attach();
        Asked backend = scene.ask(peer, "t");
        scene.server.refusal = Problems.exception(
                Problems.status(Status.Code.ALREADY_EXISTS, "SESSION_IN_USE", "another process has it"));
        scene.lose(peer);
        scene.server.refusal = null;
        scene.loop.run();

        assertThat(backend.closed).isTrue();
    }
}
