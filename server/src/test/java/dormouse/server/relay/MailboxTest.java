package dormouse.server.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** protocol.md, failure list, 1 and 2: what is retained for a task is its bytes, in order, and never more than its window. */
class MailboxTest {
    private static Stream<Integer> seeds() {
        return Stream.iterate(1, seed -> seed + 1).limit(50);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomPutsAndTakesAreThoseOfAQueueOfBytes(int seed) {
        Random random = new Random(seed);
        int capacity = 1 + random.nextInt(5000);
        Mailbox mailbox = new Mailbox(capacity);
        Queue<Byte> reference = new ArrayDeque<>();
        for (int step = 0; step < 500; step++) {
            if (random.nextBoolean()) {
                byte[] data = new byte[random.nextInt(capacity + capacity / 4 + 1)];
                random.nextBytes(data);
                boolean fits = data.length <= capacity - reference.size();
                assertThat(mailbox.put(ByteBuffer.wrap(data).asReadOnlyBuffer()))
                        .isEqualTo(fits);
                for (int i = 0; fits && i < data.length; i++) {
                    reference.add(data[i]);
                }
            } else if (random.nextInt(40) == 0) {
                mailbox.clear();
                reference.clear();
            } else {
                ByteBuffer taken = mailbox.take(random.nextInt(capacity + 1));
                while (taken.hasRemaining()) {
                    assertThat(reference.remove()).isEqualTo(taken.get());
                }
            }
            assertThat(mailbox.size()).isEqualTo(reference.size()).isLessThanOrEqualTo(capacity);
        }
    }

    @Test
    void whatDoesNotFitIsNotTakenInPart() {
        Mailbox mailbox = new Mailbox(10);
        assertThat(mailbox.put(ByteBuffer.wrap(new byte[6]))).isTrue();
        ByteBuffer tooMuch = ByteBuffer.wrap(new byte[5]);
        assertThat(mailbox.put(tooMuch)).isFalse();
        assertThat(tooMuch.remaining()).isEqualTo(5);
        assertThat(mailbox.size()).isEqualTo(6);
        assertThat(mailbox.put(ByteBuffer.wrap(new byte[4]))).isTrue();
    }

    @Test
    void oneThreadPutsWhileAnotherTakes() throws InterruptedException {
        byte[] sent = new byte[1_000_000];
        new Random(3).nextBytes(sent);
        Mailbox mailbox = new Mailbox(4096);
        AtomicReference<RuntimeException> failure = new AtomicReference<>();
        Thread putter = new Thread(() -> {
            try {
                Random random = new Random(4);
                for (int at = 0; at < sent.length; ) {
                    int length = Math.min(1 + random.nextInt(700), sent.length - at);
                    if (mailbox.put(ByteBuffer.wrap(sent, at, length))) {
                        at += length;
                    } else {
                        Thread.onSpinWait();
                    }
                }
            } catch (RuntimeException e) {
                failure.set(e);
            }
        });
        putter.start();
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        while (received.size() < sent.length && failure.get() == null) {
            ByteBuffer piece = mailbox.take(1000);
            received.write(piece.array(), 0, piece.remaining());
        }
        putter.join();
        assertThat(failure.get()).isNull();
        assertThat(Arrays.equals(received.toByteArray(), sent)).isTrue();
    }
}
