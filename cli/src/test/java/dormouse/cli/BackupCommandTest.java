package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static dormouse.cli.FakeServer.fails;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.BackupResponse;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;
    private Path file;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        server.backup = answers(
                BackupResponse.newBuilder()
                        .setTotalBytes(8)
                        .setRevision(41)
                        .setData(ByteString.copyFromUtf8("whole "))
                        .build(),
                BackupResponse.newBuilder()
                        .setData(ByteString.copyFromUtf8("it"))
                        .build());
        cli = new CommandRun(home).server(server);
        file = home.resolve("backup.zip");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private int backup() {
        return cli.run("server", "backup", file.toString());
    }

    private void assertNothingWritten() throws IOException {
        try (var files = Files.list(home)) {
            assertThat(files.filter(each -> each.getFileName().toString().contains("backup")))
                    .isEmpty();
        }
    }

    @Test
    void all_pieces_are_the_file() throws IOException {
        assertThat(backup()).isZero();
        assertThat(file).hasContent("whole it");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(home.resolve("backup.zip.part")).doesNotExist();
        assertThat(cli.err()).contains("backup of revision 41: " + file + ", 8 bytes");
    }

    @Test
    void a_file_that_is_there_is_not_overwritten() throws IOException {
        Files.writeString(file, "the one of last week");
        assertThat(backup()).isEqualTo(1);
        assertThat(file).hasContent("the one of last week");
        assertThat(cli.err()).contains(file + " is there already, and is not overwritten");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void nor_is_one_that_comes_meanwhile() throws IOException {
        server.backup = (request, observer) -> {
            try {
                Files.writeString(file, "somebody else's");
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            answers(BackupResponse.newBuilder()
                            .setTotalBytes(2)
                            .setData(ByteString.copyFromUtf8("it"))
                            .build())
                    .accept(null, (io.grpc.stub.StreamObserver) observer);
        };
        assertThat(backup()).isEqualTo(1);
        assertThat(file).hasContent("somebody else's");
        assertThat(home.resolve("backup.zip.part")).doesNotExist();
    }

    @Test
    void half_a_backup_is_none() throws IOException {
        server.backup = answers(BackupResponse.newBuilder()
                .setTotalBytes(8)
                .setData(ByteString.copyFromUtf8("whole"))
                .build());
        assertThat(backup()).isEqualTo(1);
        assertThat(cli.err()).contains("after 5 of 8 bytes");
        assertNothingWritten();
    }

    @Test
    void a_server_that_can_not_says_why() throws IOException {
        server.backup = fails(Problems.exception(
                Problems.status(Code.INVALID_ARGUMENT, "MALFORMED", "the database is PostgreSQL: use pg_dump")));
        assertThat(backup()).isEqualTo(1);
        assertThat(cli.err()).contains("pg_dump");
        assertNothingWritten();
    }

    @Test
    void a_place_that_is_not_there_is_named() {
        file = home.resolve("nowhere/backup.zip");
        assertThat(backup()).isEqualTo(1);
        assertThat(cli.err()).contains("nowhere");
    }

    @Test
    void a_server_that_is_not_there_is_named() {
        server.close();
        assertThat(backup()).isEqualTo(3);
    }

    @Test
    void the_file_must_be_named() {
        assertThat(cli.run("server", "backup")).isEqualTo(2);
    }
}
