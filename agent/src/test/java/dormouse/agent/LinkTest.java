package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Drain;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmStatus;
import dormouse.v1.Probe;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The link with a scripted server, on a clock that the test moves. */
class LinkTest {
    private static final Duration TINY = Duration.ofMillis(1);
    /** Chance that always falls on the largest number: a jitter is as long as it may be. */
    private static final RandomGenerator LARGEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            return Long.MAX_VALUE;
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    private final ManualLoop loop = new ManualLoop();
    private final ScriptedServer server = new ScriptedServer();
    private final SessionStore sessions = SessionStore.inMemory();
    private final List<LlmConfig> llms = new ArrayList<>(List.of(LlmConfig.of("qwen", URI.create("http://x/v1"))));
    private Secret token = new Secret("dmt_test");
    private boolean backendUp = true;
    private Link link = link(null);
    private final Hosts hosts = new Hosts(llm -> new LlmHost(
            llm,
            new LlmHost.Surroundings(
                    loop,
                    asked -> CompletableFuture.completedFuture(new Availability(backendUp, "told so")),
                    (recipe, limit) -> new CompletableFuture<>(),
                    Duration.ofSeconds(15),
                    Clock.systemUTC(),
                    () -> link.statusChanged())));

    private Link link(@org.jspecify.annotations.Nullable Session session) {
        return new Link(
                new AgentParts(
                        loop,
                        Runnable::run,
                        (call, listener) -> {
                            throw new AssertionError("no task here reaches a backend");
                        },
                        hosts(),
                        new BodyBudget(),
                        server,
                        new Errands()),
                new Link.Identity("desk", "instance-1", token),
                new SessionKeeper(sessions, session, Runnable::run),
                LARGEST);
    }

    private Hosts hosts() {
        return hosts;
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Peer attach() {
        return attach(null);
    }

    private Peer attach(@org.jspecify.annotations.Nullable Session session) {
        link = link(session);
        var unused = hosts.publish(llms);
        link.start();
        loop.run();
        return server.accept();
    }

    private static Register registration(Peer peer) {
        return peer.await(AgentMessage::hasRegister, "a registration").getRegister();
    }

    private void assertNoStream() {
        assertThat(server.streams).isEmpty();
    }

    @Test
    void registers_what_it_has_and_heartbeats_at_once_and_then_as_told() {
        Peer peer = attach();

        Register register = registration(peer);
        assertThat(register.getAgentName()).isEqualTo("desk");
        assertThat(register.getInstanceId()).isEqualTo("instance-1");
        assertThat(register.getLlms(0).getSpec().getName()).isEqualTo("qwen");
        assertThat(register.getLlms(0).getInitialStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.authorizations).containsExactly("Bearer dmt_test");
        assertThat(peer.received.remove().getHeartbeat().getReportsList())
                .extracting(LlmReport::getName)
                .containsExactly("qwen");

        loop.advance(Duration.ofSeconds(29));
        assertThat(peer.received).isEmpty();
        loop.advance(Duration.ofSeconds(1));
        assertThat(peer.received.remove().getHeartbeat().getSeq()).isEqualTo(2);
    }

    @Test
    void keeps_the_session_and_resumes_with_it() throws IOException {
        Peer peer = attach();
        registration(peer);
        Session kept = sessions.load();
        assertThat(kept).isEqualTo(new Session("session-1", ByteString.copyFromUtf8("token-1")));

        peer.fail(Status.UNAVAILABLE.asRuntimeException());
        loop.advance(TINY);

        Register again = registration(server.accept());
        assertThat(again.getSessionId()).isEqualTo("session-1");
        assertThat(again.getResumeToken()).isEqualTo(ByteString.copyFromUtf8("token-1"));
    }

    @Test
    void answers_a_probe_with_a_heartbeat() {
        Peer peer = attach();
        peer.received.clear();

        peer.send(ServerMessage.newBuilder().setProbe(Probe.getDefaultInstance()));
        loop.run();

        assertThat(peer.received.remove().hasHeartbeat()).isTrue();
    }

    @Test
    void reports_a_change_of_status_at_once() {
        Peer peer = attach();
        peer.received.clear();
        backendUp = false;

        loop.advance(Duration.ofSeconds(30));
        assertThat(peer.received)
                .allSatisfy(message -> assertThat(
                                message.getHeartbeat().getReports(0).getStatus())
                        .isEqualTo(LlmStatus.LLM_STATUS_ACTIVE));
        peer.received.clear();
        loop.advance(Duration.ofSeconds(15));

        LlmReport report = peer.received.remove().getHeartbeat().getReports(0);
        assertThat(report.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(report.getReason()).contains("told so");
    }

    @Test
    void reconnects_at_once_then_with_doubling_jitter() {
        server.refusal = Status.UNAVAILABLE.asRuntimeException();
        attach();
        loop.advance(TINY);
        server.accept(); // at once
        assertNoStream();

        for (int seconds : new int[] {1, 2, 4, 8, 16, 30, 30}) {
            loop.advance(Duration.ofSeconds(seconds).minus(Duration.ofMillis(2)));
            assertNoStream();
            loop.advance(Duration.ofMillis(2));
            server.accept();
        }
    }

    @Test
    void thirty_seconds_of_health_make_the_next_reconnect_immediate_again() {
        Peer peer = attach();
        for (int i = 0; i < 3; i++) {
            loop.advance(Duration.ofSeconds(30));
            peer.fail(Status.UNAVAILABLE.asRuntimeException());
            loop.advance(TINY);
            peer = server.accept();
        }
        peer.fail(Status.UNAVAILABLE.asRuntimeException()); // without health in between
        loop.advance(TINY);
        assertNoStream();
    }

    private static RuntimeException drainingFor(Duration wish) {
        return Problems.exception(
                Problems.status(Code.UNAVAILABLE, "REPLICA_DRAINING", "this server is going down", wish, Map.of()));
    }

    @Test
    void honours_the_servers_wish_to_wait() {
        server.refusal = Problems.exception(
                Problems.status(Code.UNAVAILABLE, "OVERLOADED", "later", Duration.ofSeconds(20), Map.of()));
        attach();

        loop.advance(Duration.ofMillis(19_999));
        assertNoStream();
        loop.advance(TINY);
        server.accept();
    }

    @Test
    void a_server_that_drains_is_asked_again_as_it_wishes_and_not_together_with_all_the_others() {
        server.refusal = drainingFor(Duration.ofSeconds(20));
        attach();

        loop.advance(Duration.ofMillis(29_999)); // the largest jitter: half as long again
        assertNoStream();
        loop.advance(TINY);
        server.accept();
    }

    @Test
    void however_long_a_server_drains_the_back_off_does_not_grow() {
        server.refusal = drainingFor(Duration.ofSeconds(1));
        attach();
        for (int i = 0; i < 30; i++) {
            loop.advance(Duration.ofMillis(1_500));
            server.accept();
        }

        server.refusal = Status.UNAVAILABLE.asRuntimeException(); // its process is gone, and the next one not there yet
        loop.advance(Duration.ofMillis(1_500));
        server.accept();
        loop.advance(TINY);
        server.accept(); // at once, the first time
        server.refusal = null;
        loop.advance(Duration.ofSeconds(1));
        assertThat(registration(server.accept()).getSessionId()).isEmpty();
    }

    @Test
    void a_wrong_credential_is_not_tried_in_a_loop() {
        server.refusal = Problems.exception(Problems.status(Code.UNAUTHENTICATED, "UNAUTHENTICATED", "unknown token"));
        attach();

        loop.advance(Duration.ofSeconds(59));
        assertNoStream();
        loop.advance(Duration.ofSeconds(1));
        server.accept();
    }

    @Test
    void the_tokens_file_is_read_again_for_each_stream(@TempDir Path dir) throws IOException {
        Path file = Files.writeString(dir.resolve("token"), "dmt_one\n");
        token = new Secret("dmt_one", file);
        server.refusal = Problems.exception(Problems.status(Code.UNAUTHENTICATED, "UNAUTHENTICATED", "revoked"));
        attach();
        Files.writeString(file, " dmt_two\n");
        loop.advance(Duration.ofSeconds(60));
        server.accept();
        Files.writeString(file, "");
        loop.advance(Duration.ofSeconds(60));
        server.accept();
        Files.delete(file);
        loop.advance(Duration.ofSeconds(60));
        server.accept();

        assertThat(server.authorizations)
                .containsExactly("Bearer dmt_one", "Bearer dmt_two", "Bearer dmt_one", "Bearer dmt_one");
    }

    @Test
    void a_forbidden_session_is_discarded_and_registered_once_as_new() throws IOException {
        Session old = new Session("session-0", ByteString.copyFromUtf8("stolen"));
        sessions.save(old);
        server.registrar = register -> null;
        Peer peer = attach(old);
        assertThat(registration(peer).getSessionId()).isEqualTo("session-0");

        RuntimeException forbidden =
                Problems.exception(Problems.status(Code.PERMISSION_DENIED, "SESSION_FORBIDDEN", "wrong token"));
        peer.fail(forbidden);
        loop.advance(TINY);

        Peer again = server.accept();
        Register register = registration(again);
        assertThat(register.getSessionId()).isEmpty();
        assertThat(register.getResumeToken()).isEqualTo(ByteString.EMPTY);
        assertThat(sessions.load()).isNull();

        again.fail(forbidden);
        loop.advance(Duration.ofSeconds(59));
        assertNoStream();
    }

    @Test
    void a_server_that_does_not_answer_the_registration_is_given_up_after_ten_seconds() {
        server.registrar = register -> null;
        Peer peer = attach();

        loop.advance(Duration.ofMillis(9_999));
        assertThat(peer.ended.getCount()).isEqualTo(1);
        loop.advance(Duration.ofMillis(2));
        assertThat(peer.ended.getCount()).isZero();
        server.accept();
    }

    @Test
    void a_server_that_falls_silent_is_given_up_after_the_heartbeat_timeout() {
        Peer peer = attach();
        peer.silent = true;

        loop.advance(Duration.ofMillis(89_999));
        assertThat(peer.ended.getCount()).isEqualTo(1);
        loop.advance(Duration.ofMillis(2));
        assertThat(peer.ended.getCount()).isZero();
        server.accept();
    }

    @Test
    void a_refused_name_is_offered_again_every_minute_with_the_whole_set() {
        llms.add(LlmConfig.of("taken", URI.create("http://x/v1")));
        server.registrar = register -> {
            var answer = ScriptedServer.registered(register, 1024);
            answer.getGrantsBuilder(1)
                    .setOutcome(LlmGrant.Outcome.OUTCOME_REFUSED)
                    .setRefusal(Problems.status(Code.FAILED_PRECONDITION, "NAME_IN_USE", "another has it"));
            return ServerMessage.newBuilder().setRegistered(answer).build();
        };
        Peer peer = attach();
        registration(peer);
        assertThat(peer.received.remove().getHeartbeat().getReportsList())
                .extracting(LlmReport::getName)
                .containsExactly("qwen");

        loop.advance(Duration.ofSeconds(59));
        assertThat(peer.received).noneMatch(AgentMessage::hasRegister);
        loop.advance(Duration.ofSeconds(1));
        assertThat(registration(peer).getLlmsList())
                .extracting(offer -> offer.getSpec().getName())
                .containsExactly("qwen", "taken");
    }

    @Test
    void a_changed_set_is_registered_on_the_same_stream() {
        Peer peer = attach();
        registration(peer);

        var unused = hosts.publish(List.of(LlmConfig.of("other", URI.create("http://x/v1"))));
        link.publish();
        loop.run();

        assertThat(registration(peer).getLlmsList())
                .extracting(offer -> offer.getSpec().getName())
                .containsExactly("other");
        assertNoStream();
    }

    @Test
    void a_drain_moves_the_agent_to_a_new_stream_and_ends_the_old_one_in_peace() {
        Peer old = attach();

        old.send(ServerMessage.newBuilder()
                .setDrain(Drain.newBuilder()
                        .setReconnectWithin(Spans.proto(Duration.ofSeconds(2)))
                        .setFinishWithin(Spans.proto(Duration.ofSeconds(30)))));
        loop.run();
        assertThat(old.halfClosed.getCount()).isZero();
        assertNoStream();
        loop.advance(Duration.ofSeconds(2));

        assertThat(registration(server.accept()).getSessionId()).isEqualTo("session-1");
    }

    @Test
    void says_goodbye_and_ends() {
        Peer peer = attach();

        CompletableFuture<Void> stopped = link.stop(Duration.ofSeconds(30));
        loop.run();

        assertThat(peer.await(AgentMessage::hasGoodbye, "a goodbye")
                        .getGoodbye()
                        .getWithin()
                        .getSeconds())
                .isEqualTo(30);
        assertThat(peer.halfClosed.getCount()).isZero();
        assertThat(stopped).isDone();
        loop.advance(Duration.ofMinutes(5));
        assertNoStream();
    }
}
