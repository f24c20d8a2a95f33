package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirTest {
    private static final Session SESSION = new Session("s-1", ByteString.copyFrom(new byte[] {0, -1, 10, 61, 92}));

    @TempDir
    Path parent;

    private Path dir() {
        return parent.resolve("state/dormouse");
    }

    @Test
    void a_session_outlives_the_process() throws IOException {
        try (StateDir state = StateDir.open(dir())) {
            assertThat(state.load()).isNull();
            state.save(new Session("older", ByteString.EMPTY));
            state.save(SESSION);
        }
        try (StateDir state = StateDir.open(dir())) {
            assertThat(state.load()).isEqualTo(SESSION);
            state.discard();
            state.discard();
            assertThat(state.load()).isNull();
        }
    }

    @Test
    void only_its_owner_may_read_it() throws IOException {
        try (StateDir state = StateDir.open(dir())) {
            state.save(SESSION);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir())))
                .isEqualTo("rwx------");
        try (Stream<Path> files = Files.list(dir())) {
            assertThat(files)
                    .hasSize(2)
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
    }

    @Test
    void a_second_agent_is_kept_out_until_the_first_has_gone() throws IOException {
        StateDir first = StateDir.open(dir());
        assertThatThrownBy(() -> StateDir.open(dir()))
                .hasMessageContaining("in use by another agent")
                .hasMessageContaining("--set stateDir=");
        first.close();
        StateDir.open(dir()).close();
    }

    @Test
    void a_broken_file_is_as_good_as_none() throws IOException {
        try (StateDir state = StateDir.open(dir())) {
            for (String text : new String[] {"", "garbage", "session=s\nresumeToken=?!", "session=s"}) {
                Files.writeString(dir().resolve("session.properties"), text);
                assertThat(state.load()).isNull();
            }
        }
    }

    @Test
    void a_directory_that_cannot_be_is_said_plainly() throws IOException {
        Path file = Files.createFile(parent.resolve("file"));
        assertThatThrownBy(() -> StateDir.open(file.resolve("state"))).hasMessageContaining("cannot be used");
    }
}
