package dormouse.server;

import static dormouse.server.ScriptedAgent.at;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.v1.Infer;
import dormouse.v1.Registered;
import dormouse.v1.TaskPosition;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An agent that comes back with positions that can't be: that task fails, by name; the stream and the others go on. */
class ResumeWronglyTest {
    private final Harness server = Harness.start("limits.windowBytes=16KiB");
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private static Arguments wrong(String what, Function<Infer, TaskPosition> position) {
        return Arguments.of(what, position);
    }

    static Stream<Arguments> positions() {
        return Stream.of(
                wrong("offset=3, but 4 bytes of the answer have come", task -> at(task, 3, 2, true)),
                wrong("offset=16385 is beyond the window", task -> at(task, 16385, 2, true)),
                wrong("offsets are not negative", task -> at(task, -1, 2, true)),
                wrong("offsets are not negative", task -> at(task, 4, -2, true)),
                wrong("input_offset=3, but 2 bytes of the input were sent", task -> at(task, 4, 3, true)),
                wrong("input_offset=1, but it had taken all 2 bytes", task -> at(task, 4, 1, true)),
                wrong("head=false, but its answer has begun", task -> at(task, 4, 2, false)),
                wrong("offset=9223372036854775807 is beyond the window", task -> at(task, Long.MAX_VALUE, 2, true)));
    }

    @ParameterizedTest
    @MethodSource("positions")
    void failsByItself(String what, Function<Infer, TaskPosition> position) {
        ana.register(awake("a"));
        InferProbe bad = server.infer("a");
        InferProbe good = server.infer("a");
        Infer first = ana.infers().get(0);
        Infer second = ana.infers().get(1);
        for (Infer each : List.of(first, second)) {
            ana.head(each, 200, "text/plain");
            ana.chunk(each, 0, "half");
        }
        ana.cut();
        server.reconnect(ana);

        Registered back = ana.resume(List.of(position.apply(first), at(second, 4, 2, true)), awake("a"));

        assertThat(back.getTasksList()).containsExactly(at(second, 4, 2, true));
        assertThat(bad.text()).isEqualTo("half");
        assertThat(bad.reason()).isEqualTo("INTERNAL");
        assertThat(bad.message()).contains(what);
        assertThat(ana.heard().stream().filter(message -> message.hasFault()).toList())
                .singleElement()
                .satisfies(message -> {
                    assertThat(message.getFault().getTaskId()).isEqualTo(first.getTaskId());
                    assertThat(Problems.reason(message.getFault().getError())).isEqualTo("MALFORMED");
                    assertThat(message.getFault().getError().getMessage()).contains(what);
                });
        assertThat(ana.open()).isTrue();
        ana.end(second, 4);
        assertThat(good.completed()).isTrue();
        assertThat(server.relay().tasks()).isZero();
    }

    @Test
    void whatIsNotItsOwnIsNotAnswered() {
        ScriptedAgent bob = server.agent("bob");
        ana.register(awake("a"));
        bob.register(awake("b"));
        InferProbe bobs = server.infer("b");
        Infer task = bob.infers().get(0);
        bob.head(task, 200, "text/plain");
        bob.cut();
        ana.cut();
        server.reconnect(ana);
        TaskPosition unknown =
                TaskPosition.newBuilder().setTaskId("t-unknown").setOffset(4).build();
        TaskPosition nameless = TaskPosition.getDefaultInstance();

        Registered back = ana.resume(List.of(at(task, 0, 2, true), unknown, nameless, unknown), awake("a"));

        assertThat(back.getTasksList()).isEmpty();
        assertThat(ana.heard()).noneMatch(message -> message.hasFault());
        ana.answer(task, "not mine");
        assertThat(bobs.over()).isFalse();
        server.reconnect(bob).resume(List.of(at(task, 0, 2, true)), awake("b"));
        bob.answer(task, "mine");
        assertThat(bobs.text()).isEqualTo("mine");
    }

    @Test
    void aTaskThatIsNamedTwiceGoesOnOnce() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        Infer task = ana.infers().get(0);
        ana.cut();
        server.reconnect(ana);

        Registered back = ana.resume(List.of(at(task, 0, 2, false), at(task, 7, 2, true)), awake("a"));

        assertThat(back.getTasksList()).containsExactly(at(task, 0, 2, false));
        ana.answer(task, "once");
        assertThat(infer.text()).isEqualTo("once");
    }

    @Test
    void tasksAreNamedInTheFirstRegisterAlone() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        Infer task = ana.infers().get(0);

        Registered again = ana.resume(List.of(at(task, 100, 2, true)), awake("a"));

        assertThat(again.getTasksList()).isEmpty();
        ana.answer(task, "undisturbed");
        assertThat(infer.text()).isEqualTo("undisturbed");
    }
}
