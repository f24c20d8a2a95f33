package dormouse.server.store;

import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy is taken while others write, and put back elsewhere. */
class BackupTest {
    @TempDir
    Path directory;

    private String url;
    private Path zip;
    private Path target;
    private String elsewhere;

    @BeforeEach
    void places() {
        url = "jdbc:h2:file:" + directory.resolve("live/dormouse");
        zip = directory.resolve("backup.zip");
        elsewhere = "jdbc:h2:file:" + directory.resolve("else where/dormouse");
        target = directory.resolve("else where/dormouse.mv.db");
    }

    private static void take(Database database, Path zip) throws IOException {
        try (BackupStore.Copy copy = database.backups().copy();
                OutputStream out = Files.newOutputStream(zip)) {
            long bytes = 0;
            for (byte[] piece = copy.next(); piece.length > 0; piece = copy.next()) {
                out.write(piece);
                bytes += piece.length;
            }
            assertThat(bytes).isEqualTo(copy.bytes());
        }
    }

    private void aBackup(String... names) throws IOException {
        try (Database database = Engine.H2_FILE.open(url)) {
            database.migrate();
            for (String name : names) {
                save(database.llms(), register(llm(name)));
            }
            take(database, zip);
        }
    }

    private Restore.Restored restore() {
        return Restore.restore(elsewhere, "sa", "", zip);
    }

    @Test
    void whatWasAcknowledgedBeforeABackupUnderLoadIsInItAndNothingIsHalfThere() throws Exception {
        Queue<Llm> acknowledged = new ConcurrentLinkedQueue<>();
        AtomicBoolean over = new AtomicBoolean();
        List<Llm> before;
        try (Database database = Engine.H2_FILE.open(url)) {
            database.migrate();
            CountDownLatch enough = new CountDownLatch(150);
            List<Thread> writers = new ArrayList<>();
            for (int w = 0; w < 3; w++) {
                int writer = w;
                Thread thread = new Thread(() -> {
                    for (int i = 0; !over.get(); i++) {
                        acknowledged.add(save(database.llms(), register(llm("llm-" + writer + "-" + i))));
                        enough.countDown();
                    }
                });
                thread.start();
                writers.add(thread);
            }
            enough.await();
            before = List.copyOf(acknowledged);
            take(database, zip);
            over.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(database.llms().load().llms()).as("the server goes on").containsAll(acknowledged);
        }
        assertThat(directory.resolve("live/dormouse.backup.part")).doesNotExist();

        Restore.Restored restored = restore();

        assertThat(restored.file()).isEqualTo(target);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo("rw-------");
        assertThat(restored.noted()).isZero();
        try (Database database = Engine.H2_FILE.open(elsewhere)) {
            database.migrate();
            LlmStore.Snapshot found = database.llms().load();
            assertThat(found.llms()).containsAll(before).hasSize((int) restored.llms());
            assertThat(found.revision()).isEqualTo(restored.revision());
            assertThat(database.llms().eventsAfter(0, null, Integer.MAX_VALUE))
                    .extracting(LlmEvent::revision)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, found.revision()).boxed().toList());
            save(database.llms(), register(llm("and-goes-on")));
        }
        System.out.println("a backup under load had " + restored.llms() + " rows, " + before.size()
                + " of them acknowledged before it began, of " + acknowledged.size() + " in the end");
    }

    @Test
    void aDatabaseThatIsThereIsNotOverwritten() throws IOException {
        aBackup("a");
        Files.createDirectories(target.getParent());
        Files.writeString(target, "somebody's");
        assertThatThrownBy(this::restore)
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(target.toString(), "is there already, and is not overwritten");
        assertThat(target).hasContent("somebody's");
    }

    @Test
    void oneThatIsInUseIsNotOverwrittenEither() throws IOException {
        aBackup("a");
        try (Database inUse = Engine.H2_FILE.open(elsewhere)) {
            inUse.migrate();
            assertThatThrownBy(this::restore).hasMessageContaining("is not overwritten: stop the server");
            save(inUse.llms(), register(llm("b")));
        }
    }

    @Test
    void whereTheDatabaseHadComeFurtherItSaysSo() throws IOException {
        aBackup("a", "b");
        Files.createDirectories(target.getParent());
        NewestRevision.beside(target).write(9);

        Restore.Restored restored = restore();

        assertThat(restored.revision()).isEqualTo(2);
        assertThat(restored.noted()).isEqualTo(9);
        assertThat(NewestRevision.beside(target).noted()).isEqualTo(2);
        Engine.H2_FILE.open(elsewhere).close();
    }

    @Test
    void aBackupThatIsCutOffChangesNothing() throws IOException {
        aBackup("a", "b", "c");
        byte[] whole = Files.readAllBytes(zip);
        for (int part : new int[] {0, 10, whole.length / 2, whole.length - 200}) {
            Files.write(zip, Arrays.copyOf(whole, part));
            assertThatThrownBy(this::restore).as("%d bytes", part).isInstanceOf(StoreException.class);
            assertThat(target).doesNotExist();
        }
        assertThat(target.getParent()).as("made for it alone").doesNotExist();
    }

    @Test
    void whatIsNoBackupIsRefused() throws IOException {
        Files.writeString(zip, "no zip at all");
        assertThatThrownBy(this::restore).hasMessageContainingAll(zip.toString(), "is no backup");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("../../evil.txt"));
        }
        assertThatThrownBy(this::restore).hasMessageContaining("is no backup");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("x.mv.db"));
            out.write(new byte[100_000]);
        }
        assertThatThrownBy(this::restore).hasMessageContaining("the backup can't be opened");
        assertThatThrownBy(() -> Restore.restore(elsewhere, "sa", "", directory.resolve("nowhere")))
                .hasMessageContaining("nowhere");
        assertThat(target).doesNotExist();
    }

    @Test
    void whatIsNoFileIsCopiedByOtherMeans() {
        assertThatThrownBy(() -> Restore.restore("jdbc:postgresql://host/db", null, null, zip))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("pg_restore");
        assertThatThrownBy(() -> Restore.restore("jdbc:h2:mem:x", null, null, zip))
                .isInstanceOf(UnsupportedOperationException.class);
        try (Database memory = Engine.H2_MEMORY.create(directory)) {
            assertThatThrownBy(() -> memory.backups().copy()).isInstanceOf(UnsupportedOperationException.class);
        }
        try (Database postgres = Engine.POSTGRESQL.create(directory)) {
            assertThatThrownBy(() -> postgres.backups().copy())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("pg_dump");
        }
    }

    @Test
    void theNextCopyTakesThePlaceOfOneThatAKilledServerHasLeft() throws IOException {
        Files.createDirectories(directory.resolve("live"));
        Files.writeString(directory.resolve("live/dormouse.backup.part"), "half of one");
        aBackup("a");
        assertThat(restore().llms()).isEqualTo(1);
    }

    @Test
    void migrateSaysWhatItDid() {
        try (Database database = Engine.H2_FILE.open(url)) {
            Migrated first = database.migrate();
            assertThat(first.before()).isEmpty();
            assertThat(first.steps()).isNotEmpty().first().asString().startsWith("1 ");
            Migrated second = database.migrate();
            assertThat(second.before())
                    .isEqualTo(first.steps().get(first.steps().size() - 1).split(" ")[0]);
            assertThat(second.steps()).isEmpty();
        }
    }
}
