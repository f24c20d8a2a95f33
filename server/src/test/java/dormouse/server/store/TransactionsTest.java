package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.server.fleet.StoreClock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** A copy of the file is made while nothing is written. */
class TransactionsTest {
    private static void awaitWaiting(Thread thread) {
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    }

    private static Thread begin(Runnable work) {
        Thread thread = new Thread(work);
        thread.start();
        return thread;
    }

    @Test
    void whatIsDoneAloneWaitsForWhatHasBegunAndWhatComesWaitsForThat() throws InterruptedException {
        Transactions transactions =
                new Transactions(Jdbi.create("jdbc:h2:mem:" + System.nanoTime()), () -> {}, StoreClock.NONE);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Thread first = begin(() -> transactions.transaction("begin", handle -> {
            begun.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return order.add("first");
        }));
        begun.await();
        Thread alone = begin(() -> transactions.alone("copy", () -> order.add("alone")));
        awaitWaiting(alone);
        Thread later = begin(() -> transactions.statement("go on", handle -> order.add("later")));
        awaitWaiting(later);

        assertThat(order).isEmpty();
        goOn.countDown();
        first.join();
        alone.join();
        later.join();
        assertThat(order).containsExactly("first", "alone", "later");
    }
}
