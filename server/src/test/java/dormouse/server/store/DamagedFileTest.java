package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An H2 file that is not what it was is reported with what to do, and never replaced without a word. */
class DamagedFileTest {
    private static final int ROWS = 60;

    @TempDir
    Path directory;

    private String url;
    private Path file;
    private Path side;
    private byte[] whole;

    @BeforeEach
    void aDatabaseWithRows() throws IOException {
        url = "jdbc:h2:file:" + directory.resolve("dormouse");
        file = directory.resolve("dormouse.mv.db");
        side = directory.resolve("dormouse.revision");
        try (Database database = Engine.H2_FILE.open(url)) {
            database.migrate();
            for (int i = 0; i < ROWS; i++) {
                save(database.llms(), register(llm("llm-" + i)));
            }
        }
        whole = Files.readAllBytes(file);
    }

    private void assertReported(String found) throws IOException {
        assertReported(found, "Nothing was changed. Move dormouse.mv.db away and keep it");
    }

    private void assertReported(String found, String remedy) throws IOException {
        byte[] before = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        assertThatThrownBy(() -> Engine.H2_FILE.open(url).close())
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(file.toString(), found, "dormouse server restore", remedy);
        assertThat(Files.exists(file) ? Files.readAllBytes(file) : new byte[0]).isEqualTo(before);
        assertThat(side).exists();
    }

    @Test
    void onlyWhatIsWholeIsOpened() {
        try (Database database = Engine.H2_FILE.open(url)) {
            assertThat(database.llms().load().llms()).hasSize(ROWS);
        }
        assertThat(NewestRevision.beside(file).noted()).isEqualTo(ROWS);
    }

    @Test
    void aFileThatIsGoneIsReported() throws IOException {
        Files.delete(file);
        assertReported("is not there, but has had revision " + ROWS, "to begin anew, move dormouse.revision away");
        assertThat(file).doesNotExist();
    }

    @Test
    void aFileThatIsEmptyIsReported() throws IOException {
        Files.write(file, new byte[0]);
        assertReported("is empty, but has had revision " + ROWS, "where the empty one is moved away");
    }

    @Test
    void aFileThatIsSomethingElseIsReported() throws IOException {
        byte[] noise = new byte[whole.length];
        new Random(3).nextBytes(noise);
        Files.write(file, noise);
        assertReported("is damaged, or not H2's");
        assertThat(file).hasBinaryContent(noise);
    }

    /** As a killed server leaves it: nothing of it is written anew when it is closed. */
    private Path killed() throws IOException {
        String killed = "jdbc:h2:file:" + directory.resolve("killed");
        Process process = CommitLoop.start(killed, "run", 0);
        try (var output = process.inputReader()) {
            for (int i = 0; i < 200; i++) {
                assertThat(output.readLine()).isNotNull();
            }
        } finally {
            process.destroyForcibly().onExit().join();
        }
        return directory.resolve("killed.mv.db");
    }

    private void assertReportedAndLeftAlone(Path damaged, byte[] bytes) throws IOException {
        Files.write(damaged, bytes);
        NewestRevision.beside(damaged).write(200);

        assertThatThrownBy(() -> Engine.H2_FILE
                        .open("jdbc:h2:file:" + directory.resolve("killed"))
                        .close())
                .isInstanceOf(StoreException.class)
                .hasMessageMatching(
                        ".*ends with revision \\d+, but has had revision 200.*|.*has no rows.*|.*is damaged.*")
                .hasMessageContaining("Nothing was changed");
        assertThat(damaged).hasBinaryContent(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {50, 90, 99})
    void aFileOfWhichTheEndIsMissingIsReportedThoughH2OpensIt(int percent) throws IOException {
        Path killed = killed();
        byte[] bytes = Files.readAllBytes(killed);
        assertReportedAndLeftAlone(killed, Arrays.copyOf(bytes, bytes.length * percent / 100));
    }

    @Test
    void aFileWithHolesIsReportedAndLeftAsItIs() throws IOException {
        Path killed = killed();
        byte[] bytes = Files.readAllBytes(killed);
        for (int from = 20 * 4096; from < bytes.length; from += 20 * 4096) {
            Arrays.fill(bytes, from, Math.min(bytes.length, from + 4 * 4096), (byte) 0);
        }
        Arrays.fill(bytes, bytes.length - 8192, bytes.length, (byte) 0);
        assertReportedAndLeftAlone(killed, bytes);
    }

    @Test
    void oneThatWasKilledIsWholeAndOpens() throws IOException {
        Path killed = killed();
        NewestRevision.beside(killed).write(200);
        try (Database database = Engine.H2_FILE.open("jdbc:h2:file:" + directory.resolve("killed"))) {
            assertThat(database.llms().load().revision()).isGreaterThanOrEqualTo(200);
        }
    }

    @Test
    void anOlderCopyIsReportedAndMayBeUsedWhereTheOperatorWantsIt() throws IOException {
        try (Database database = Engine.H2_FILE.open(url)) {
            save(database.llms(), register(llm("later")));
        }
        Files.write(file, whole);
        assertThatThrownBy(() -> Engine.H2_FILE.open(url).close())
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(
                        "ends with revision " + ROWS, "has had revision " + (ROWS + 1), side.toString())
                .hasMessageContaining("to go on with what it has, move dormouse.revision away");

        Files.delete(side);
        try (Database database = Engine.H2_FILE.open(url)) {
            assertThat(database.llms().load().revision()).isEqualTo(ROWS);
        }
        assertThat(NewestRevision.beside(file).noted()).as("noted anew").isEqualTo(ROWS);
    }

    @Test
    void aSideFileThatCanNotBeReadIsReported() throws IOException {
        Files.writeString(side, "revision=many\n");
        assertThatThrownBy(() -> Engine.H2_FILE.open(url).close())
                .isInstanceOf(StoreException.class)
                .hasMessageContainingAll(side.toString(), "move it away if the database is known to be whole");
    }

    @Test
    void theNewestRevisionIsNotedNowAndThenAndNeverAheadOfTheDatabase() {
        NewestRevision newest = NewestRevision.beside(file);
        newest.committed(100, NOW);
        newest.committed(101, NOW.plusMillis(500));
        assertThat(newest.noted()).as("within the second").isEqualTo(100);
        newest.committed(102, NOW.plus(NewestRevision.APART));
        assertThat(newest.noted()).isEqualTo(102);
        newest.committed(103, NOW.minus(Duration.ofDays(1)));
        assertThat(newest.noted()).as("after the clock was put back").isEqualTo(103);
        newest.note(50);
        assertThat(newest.noted()).as("it only grows").isEqualTo(103);
    }

    @Test
    void heartbeatsNoteWhatABusySecondHadLeftOut() {
        try (Database database = Engine.H2_FILE.open(url)) {
            save(database.llms(), register(llm("one")));
            save(database.llms(), register(llm("two")));
            assertThat(NewestRevision.beside(file).noted()).isEqualTo(ROWS + 1);
            database.llms().heartbeats(Map.of(new SessionId("session-1"), NOW));
            assertThat(NewestRevision.beside(file).noted()).isEqualTo(ROWS + 2);
        }
    }

    @Test
    void aServerLivesWithoutTheSideFile() throws IOException {
        Files.delete(side);
        Files.createDirectory(side);
        Files.createFile(side.resolve("in-the-way"));
        NewestRevision newest = NewestRevision.beside(file);
        newest.note(7);
        newest.note(8);
        assertThat(directory.resolve("dormouse.revision.part")).doesNotExist();
    }
}
