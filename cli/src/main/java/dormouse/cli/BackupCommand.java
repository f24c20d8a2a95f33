package dormouse.cli;

import dormouse.files.Rights;
import dormouse.v1.BackupRequest;
import dormouse.v1.BackupResponse;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code dormouse server backup FILE}: asks the server that runs. The file is there when all of it is on disk, and not
 * before; until then it is called {@code FILE.part}.
 */
@Command(
        name = "backup",
        description = {
            "Copies the database of a server that runs into FILE, which must not be there yet.",
            "`dormouse server restore FILE` puts it back. A PostgreSQL is copied with pg_dump."
        })
final class BackupCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "FILE", description = "Where the copy goes.")
    private Path file = Path.of("");

    BackupCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        if (Files.exists(file)) {
            throw isThere();
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            BackupResponse first;
            try {
                first = copy(client, progress, part);
                publish(part);
            } finally {
                Files.deleteIfExists(part);
            }
            progress.done();
            dormouse.console()
                    .tell("backup of revision " + first.getRevision() + ": " + file + ", " + first.getTotalBytes()
                            + " bytes");
            return ExitCode.DONE;
        } catch (FileAlreadyExistsException e) {
            throw isThere();
        } catch (NoSuchFileException e) {
            throw Failure.refused("the backup cannot be written: there is no directory for " + file);
        } catch (IOException e) {
            throw Failure.refused("the backup cannot be written: " + Printable.line(e.toString()));
        }
    }

    private Failure isThere() {
        return Failure.refused(file + " is there already, and is not overwritten");
    }

    /** Returns the first piece. */
    private BackupResponse copy(Client client, Progress progress, Path part)
            throws IOException, StatusException, InterruptedException {
        BlockingClientCall<?, BackupResponse> call = client.adminStreams().backup(BackupRequest.getDefaultInstance());
        BackupResponse first = next(client, call, progress);
        if (first == null) {
            throw Failure.refused("the server has sent no backup");
        }
        long written = 0;
        Files.deleteIfExists(part);
        try (FileChannel out = FileChannel.open(
                part,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Rights.of(part, Rights.OWNERS_FILE))) {
            for (BackupResponse piece = first; piece != null; piece = next(client, call, progress)) {
                for (ByteBuffer data : piece.getData().asReadOnlyByteBufferList()) {
                    while (data.hasRemaining()) {
                        written += out.write(data);
                    }
                }
            }
            out.force(true);
        }
        if (written != first.getTotalBytes()) {
            throw Failure.refused(
                    "the backup has come to an end after " + written + " of " + first.getTotalBytes() + " bytes");
        }
        return first;
    }

    private static @Nullable BackupResponse next(
            Client client, BlockingClientCall<?, BackupResponse> call, Progress progress)
            throws StatusException, InterruptedException {
        return client.next(call, progress::waiting);
    }

    /** Gives the whole copy its name, never over another file. */
    private void publish(Path part) throws IOException {
        try {
            Files.createLink(file, part);
        } catch (UnsupportedOperationException | java.nio.file.FileSystemException e) {
            if (e instanceof FileAlreadyExistsException there) {
                throw there;
            }
            Files.move(part, file); // where there are no links
        }
    }
}
