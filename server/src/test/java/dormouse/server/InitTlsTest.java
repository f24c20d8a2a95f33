package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.tls.HomeFiles;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class InitTlsTest {
    @TempDir
    Path folder;

    private int run(String... more) {
        PrintWriter nowhere = new PrintWriter(new StringWriter());
        CommandLine command = new CommandLine(new InitTls()).setOut(nowhere).setErr(nowhere);
        String[] all = new String[more.length + 1];
        all[0] = folder.toString();
        System.arraycopy(more, 0, all, 1, more.length);
        return command.execute(all);
    }

    @Test
    void whatIsRenewedKeepsItsNamesUnlessOthersAreSaid() throws Exception {
        HomeFiles files = new HomeFiles(folder);
        assertThat(run("--host", "desk.lan", "--host", "192.168.1.7")).isZero();
        assertThat(run("--renew")).isZero();
        assertThat(files.serverNames()).containsExactly("desk.lan", "192.168.1.7");
        assertThat(run("--renew", "--host", "other.lan")).isZero();
        assertThat(files.serverNames()).containsExactly("other.lan");
    }
}
