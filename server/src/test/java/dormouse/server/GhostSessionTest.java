package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A registration that is answered after its agent has given up leaves no session behind that holds the names. */
class GhostSessionTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void anAgentThatGaveUpWaitingGetsItsNamesAtTheNextTry() {
        server.lane().hold(); // as for a database that takes ten seconds
        ana.ask(awake("a"), awake("b"));
        ana.cut();
        server.reconnect(ana).ask(awake("a"), awake("b"));
        server.lane().letGo();

        assertThat(Grants.of(ana.last(message -> message.hasRegistered()).getRegistered()))
                .containsExactly("a CREATED", "b CREATED"); // nothing was done for nobody
        assertThat(server.llm("a").getSessionId()).isEqualTo(ana.session());
        assertThat(server.server().sessions().attached()).hasSize(1);
        InferProbe infer = server.infer("a");
        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }

    @Test
    void soDoesOneThatGaveUpInTheMiddleOfTheCommit() {
        server.stores().beforeTheNextCommit(ana::cut);
        ana.ask(awake("a"));

        server.reconnect(ana).ask(awake("a"));

        assertThat(Grants.of(ana.last(message -> message.hasRegistered()).getRegistered()))
                .containsExactly("a ADOPTED");
        assertThat(server.server().sessions().attached()).hasSize(1);
    }

    @Test
    void soDoesOneWhoseFirstConnectionIsBrokenUnseen() {
        ana.register(awake("a"));
        ScriptedAgent before = server.agent("watcher");
        before.register(awake("w"));

        server.reconnect(ana).forgetSession(); // the old stream is still open, as far as the server can see
        assertThat(Grants.of(ana.register(awake("a")))).containsExactly("a ADOPTED");

        assertThat(server.server().sessions().attached()).hasSize(2);
        assertThat(before.open()).isTrue();
        server.advance(Duration.ofSeconds(80));
        ana.heartbeat();
        before.heartbeat();
        server.advance(Duration.ofSeconds(80));
        assertThat(server.llm("a").getAgentName()).isEqualTo("ana");
    }

    @Test
    void oneThatHasSpokenKeepsItsNames() {
        ana.register(awake("a"));
        ana.heartbeat();
        server.reconnect(ana).forgetSession();

        assertThat(Grants.of(ana.register(awake("a")))).containsExactly("a NAME_IN_USE");
    }

    @Test
    void oneWhoseSessionGoesOnInAnotherProcessIsNoGhost() {
        ana.register(awake("a"));
        ScriptedAgent heir = server.agent("ana").session(ana.session(), ana.token());
        heir.ask(awake("a"));
        server.advance(Duration.ofSeconds(5)); // ana does not say that it lives
        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
        server.reconnect(ana).forgetSession();

        assertThat(Grants.of(ana.register(awake("a")))).containsExactly("a NAME_IN_USE");
        assertThat(heir.open()).isTrue();
        assertThat(server.llm("a").getSessionId()).isEqualTo(heir.session());
    }

    @Test
    void anotherProcessGetsNothing() {
        ana.register(awake("a"));

        assertThat(Grants.of(server.agent("ana").register(awake("a")))).containsExactly("a NAME_IN_USE");
    }
}
