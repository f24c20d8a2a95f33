package dormouse.server.store;

import static dormouse.server.store.Rows.find;
import static dormouse.server.store.Rows.in;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static dormouse.server.store.Rows.update;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can befall an H2 file under a running server. */
class H2FaultsTest {
    @Test
    void a_row_that_somebody_holds_for_too_long_fails_the_commit_and_not_the_next(@TempDir Path directory)
            throws Exception {
        String url = new DatabaseUrl(Engine.H2_FILE.url(directory) + ";LOCK_TIMEOUT=200").complete();
        try (Database database = Engine.H2_FILE.open(url);
                Connection holder = DriverManager.getConnection(url, "sa", "")) {
            database.migrate();
            LlmStore store = database.llms();
            Llm a = save(store, register(llm("a")));
            holder.setAutoCommit(false);
            holder.createStatement().execute("SELECT * FROM llm FOR UPDATE");
            assertThatThrownBy(() -> save(store, update(a, in(LlmState.LEFT, a))))
                    .isInstanceOf(StoreException.class);
            assertThat(save(store, register(llm("b"))).revision()).isEqualTo(2);
            holder.rollback();
            assertThat(find(store, "a")).isEqualTo(a);
            assertThat(save(store, update(a, in(LlmState.LEFT, a))).revision()).isEqualTo(3);
        }
    }

    @Test
    void a_thread_that_is_interrupted_amid_its_commits_harms_nobody_for_long(@TempDir Path directory) throws Exception {
        try (Database database = Engine.H2_FILE.create(directory)) {
            LlmStore store = database.llms();
            List<Llm> acknowledged = new ArrayList<>();
            for (int round = 0; round < 20; round++) {
                interruptAmid(store, round, acknowledged);
                acknowledged.add(saveWhenHealed(store, "after-" + round));
            }
            assertThat(store.load().llms()).containsAll(acknowledged);
        }
    }

    private static void interruptAmid(LlmStore store, int round, List<Llm> acknowledged) throws Exception {
        Thread thread = new Thread(() -> {
            try {
                for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                    Llm saved = save(store, register(llm("llm-" + round + "-" + i)));
                    synchronized (acknowledged) {
                        acknowledged.add(saved);
                        acknowledged.notifyAll();
                    }
                }
            } catch (StoreException e) {
                // As it may: the thread was told to stop.
            }
        });
        int before = acknowledged.size();
        thread.start();
        synchronized (acknowledged) {
            while (acknowledged.size() < before + 3) {
                acknowledged.wait(10_000);
            }
        }
        thread.interrupt();
        thread.join(30_000);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void a_full_disk_fails_commits_and_loses_nothing_that_was_acknowledged(@TempDir Path directory) throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        if (!mount(disk)) {
            System.out.println("skipped: a small disk to fill can't be mounted here");
            abort("a small disk to fill can't be mounted here");
        }
        try {
            String url = "jdbc:h2:file:" + disk.resolve("dormouse");
            List<Llm> acknowledged = new ArrayList<>();
            try (Database database = Engine.H2_FILE.open(url)) {
                database.migrate();
                LlmStore store = database.llms();
                Path ballast = Files.write(disk.resolve("ballast"), new byte[2 << 20]);
                assertThatThrownBy(() -> {
                            for (int i = 0; i < 1_000_000; i++) {
                                acknowledged.add(save(store, register(llm("llm-" + i))));
                            }
                        })
                        .isInstanceOf(StoreException.class);
                Files.delete(ballast);
                acknowledged.add(saveWhenHealed(store, "with-room-again"));
                assertThat(store.load().llms()).containsAll(acknowledged);
            }
            try (Database database = Engine.H2_FILE.open(url)) {
                assertThat(database.llms().load().llms()).containsAll(acknowledged);
                save(database.llms(), register(llm("again")));
            }
        } finally {
            run("umount", disk.toString());
        }
    }

    private static Llm saveWhenHealed(LlmStore store, String name) {
        await().atMost(30, TimeUnit.SECONDS)
                .ignoreExceptionsInstanceOf(StoreException.class)
                .until(() -> {
                    if (find(store, name) == null) {
                        save(store, register(llm(name)));
                    }
                    return true;
                });
        return Objects.requireNonNull(find(store, name));
    }

    private static boolean mount(Path disk) throws IOException, InterruptedException {
        return run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk.toString());
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
