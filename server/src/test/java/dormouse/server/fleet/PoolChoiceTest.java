package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which member of a pool a task goes to, as a table: of each member its status, how much of its room is taken, its rest. */
class PoolChoiceTest {
    private static final PoolChoice.Crowd NOBODY_WAITS = new PoolChoice.Crowd(2, 6, 0);

    /** A member as {@code name=STATUS taken/concurrency}, and {@code !seconds} of rest. */
    private static PoolChoice.Member member(String said) {
        String[] parts = said.trim().split("[= /!]+");
        LlmStatus status = switch (parts[1]) {
            case "A" -> LlmStatus.ACTIVE;
            case "W" -> LlmStatus.WAKING;
            case "H" -> LlmStatus.HIBERNATING;
            default -> throw new IllegalArgumentException(said);
        };
        return new PoolChoice.Member(
                new LlmName(parts[0]),
                status,
                Integer.parseInt(parts[3]),
                Integer.parseInt(parts[2]),
                parts.length > 4 ? Duration.ofSeconds(Long.parseLong(parts[4])) : Duration.ZERO);
    }

    private static List<PoolChoice.Member> members(String said) {
        List<PoolChoice.Member> members = new ArrayList<>();
        for (String one : said.isEmpty() ? new String[0] : said.split(",")) {
            members.add(member(one));
        }
        return members;
    }

    private static String told(PoolChoice.Choice choice) {
        if (choice instanceof PoolChoice.Run run) {
            return "run " + run.member();
        }
        return choice instanceof PoolChoice.Wake wake
                ? "wake " + wake.member()
                : choice.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }

    @ParameterizedTest(name = "{0}, seen by {1}, {2} in line: {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                // the most room, in tasks
                "a=A 3/4, b=A 1/4          |   | 0 | run b",
                "a=A 0/2, b=A 1/8          |   | 0 | run b",
                // the conversation's own while that has room
                "a=A 3/4, b=A 0/4          | a | 0 | run a",
                "a=A 4/4, b=A 3/4          | a | 0 | run b",
                "a=H 0/4, b=A 3/4          | a | 0 | run b",
                "a=A 0/4, b=A 1/4          | z | 0 | run a",
                // ACTIVE before one that sleeps, whatever its room
                "a=A 3/4, b=H 0/64         |   | 0 | run a",
                "a=A 3/4, b=W 0/64         |   | 0 | run a",
                // wake when the active ones are full; first what wakes already
                "a=A 4/4, b=H 0/4          |   | 0 | wake b",
                "a=A 4/4, b=H 0/4, c=W 3/4 |   | 0 | wake c",
                "a=A 4/4, b=H 3/4, c=H 0/8 |   | 0 | wake b",
                "a=A 4/4, b=H 0/4, c=W 4/4 |   | 0 | wake b",
                "a=A 4/4, b=H 4/4, c=H 0/4 |   | 0 | wake c",
                "b=H 0/4, c=H 0/8          |   | 0 | wake c",
                // then what wakes and has no room, up to its bound
                "a=A 4/4, b=W 4/4          |   | 0 | wake b",
                "a=A 4/4, b=W 5/4, c=W 5/5 |   | 0 | wake c",
                "a=A 4/4, b=W 6/4          |   | 0 | queue",
                "b=W 6/4                   |   | 0 | full",
                // the line: a queue for each ACTIVE member
                "a=A 4/4                   |   | 1 | queue",
                "a=A 4/4                   |   | 2 | full",
                "a=A 4/4, b=A 9/4          |   | 3 | queue",
                "a=A 4/4, b=A 9/4          |   | 4 | full",
                "a=A 9/4, b=W 6/4          |   | 2 | full",
                // nobody
                "''                        |   | 0 | nobody",
                // one that has failed is left alone: another has room, sleeps, or has a line
                "a=A 0/4 !1, b=A 3/4       | a | 0 | run b",
                "a=A 0/4 !1, b=H 0/4       |   | 0 | wake b",
                "a=A 0/4 !1, b=A 4/4       |   | 0 | queue",
                // unless there is no other, or no place for it there: then the least bad
                "a=A 0/4 !2, b=A 3/4 !1    |   | 0 | run b",
                "a=A 0/4 !2, b=A 4/4 !1    |   | 0 | run a",
                "a=A 4/4 !2, b=A 4/4 !1    |   | 3 | queue",
                "a=A 0/4 !9, b=A 4/4       |   | 2 | run a",
                "a=A 0/4 !9, b=W 6/4       |   | 0 | run a",
                "a=H 0/4 !9                |   | 0 | wake a",
                "a=A 4/4 !9, b=W 6/4       |   | 2 | full",
            })
    void theChoice(String members, String seen, int inLine, String expected) {
        PoolChoice.Choice choice = PoolChoice.choose(
                members(members), seen == null ? null : new LlmName(seen), new PoolChoice.Crowd(2, 6, inLine), 0);
        assertThat(told(choice)).isEqualTo(expected);
    }

    @Test
    void amongEqualsItIsEachOnesTurn() {
        Map<String, Integer> chosen = new TreeMap<>();
        for (int turn = -50; turn < 50; turn++) {
            PoolChoice.Choice choice =
                    PoolChoice.choose(members("a=A 0/4,b=A 3/4,c=A 1/5,d=A 0/4"), null, NOBODY_WAITS, turn);
            chosen.merge(told(choice), 1, Integer::sum);
        }
        assertThat(chosen).containsOnlyKeys("run a", "run c", "run d");
        assertThat(chosen.values()).allMatch(count -> count >= 33);
    }
}
