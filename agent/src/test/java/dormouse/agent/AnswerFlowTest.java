package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerFlowTest {
    private static ByteString bytes(int size) {
        return ByteString.copyFrom(new byte[size]);
    }

    @Test
    void sends_up_to_the_window_and_goes_on_where_it_opens() {
        AnswerFlow flow = new AnswerFlow(100);
        flow.offer(bytes(130));

        assertThat(flow.take(60)).hasSize(60);
        assertThat(flow.take(60)).hasSize(40);
        assertThat(flow.take(60)).isNull();
        flow.consumed(10);
        assertThat(flow.take(60)).hasSize(10);
        assertThat(flow.take(60)).isNull();
        flow.consumed(110);
        assertThat(flow.take(60)).hasSize(20);
        assertThat(flow.isDrained()).isTrue();
    }

    @Test
    void the_backend_is_read_only_while_the_window_has_room() {
        AnswerFlow flow = new AnswerFlow(100);
        flow.offer(bytes(99));
        assertThat(flow.wantsMore()).isTrue();
        flow.offer(bytes(1));
        assertThat(flow.wantsMore()).isFalse();
        flow.take(100);
        assertThat(flow.wantsMore()).isFalse();
        flow.consumed(1);
        assertThat(flow.wantsMore()).isTrue();
    }

    @Test
    void late_repeated_and_impossible_words_do_nothing() {
        AnswerFlow flow = new AnswerFlow(100);
        flow.offer(bytes(200));
        flow.take(100);
        flow.consumed(50);
        flow.consumed(20);
        flow.consumed(-7);
        assertThat(flow.take(100)).hasSize(50);
        flow.consumed(1_000_000);
        assertThat(flow.take(100)).hasSize(50);
        assertThat(flow.sent()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void never_overruns_whatever_the_order_of_events(long seed) {
        Random random = new Random(seed);
        AnswerFlow flow = new AnswerFlow(1000);
        long offered = 0;
        long consumed = 0;
        ByteString got = ByteString.EMPTY;
        ByteString sent = ByteString.EMPTY;
        for (int i = 0; i < 10_000; i++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    if (flow.wantsMore()) {
                        byte[] data = new byte[random.nextInt(300)];
                        random.nextBytes(data);
                        sent = sent.concat(ByteString.copyFrom(data));
                        offered += data.length;
                        flow.offer(ByteString.copyFrom(data));
                    }
                }
                case 1 -> {
                    ByteString data = flow.take(1 + random.nextInt(200));
                    got = data == null ? got : got.concat(data);
                }
                default -> {
                    consumed += random.nextInt((int) (flow.sent() - consumed) + 1);
                    flow.consumed(consumed);
                }
            }
            assertThat(flow.sent() - consumed).isBetween(0L, 1000L);
            assertThat(offered - flow.sent()).isLessThanOrEqualTo(1300);
        }
        assertThat(offered).isGreaterThan(50_000);
        assertThat(sent.startsWith(got)).isTrue();
    }
}
