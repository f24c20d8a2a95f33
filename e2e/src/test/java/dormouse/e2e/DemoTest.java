package dormouse.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code dormouse demo} as a stranger runs it, with its storyteller. */
@Timeout(180)
class DemoTest {
    @TempDir
    Path temp;

    private Process demo(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(Program.java("demo", "--story"));
        command.add(1, "-Djava.io.tmpdir=" + temp);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("DORMOUSE_DATABASE_URL", "not for the demo's server");
        return builder.redirectErrorStream(true).start();
    }

    private void assertNothingIsLeft(List<ProcessHandle> children) throws IOException {
        assertThat(children).isNotEmpty().noneMatch(ProcessHandle::isAlive);
        try (Stream<Path> left = Files.list(temp)) {
            assertThat(left.filter(path -> path.toString().contains("dormouse")))
                    .isEmpty();
        }
    }

    @Test
    void it_wakes_a_sleeping_model_asks_it_and_clears_up() throws Exception {
        Process demo = demo("--prompt", "Tell me about lighthouses");
        BufferedReader out = new BufferedReader(new InputStreamReader(demo.getInputStream(), UTF_8));
        StringBuilder told = new StringBuilder();
        List<ProcessHandle> children = List.of();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            told.append(line).append('\n');
            if (line.contains("  awake  ")) {
                children = demo.descendants().toList();
            }
        }
        assertThat(demo.waitFor()).as(told::toString).isZero();
        assertThat(told.toString())
                .containsSubsequence(
                        "server up",
                        "registered",
                        "HIBERNATING",
                        "asked",
                        "waking …",
                        "awake",
                        "after ",
                        " ms",
                        "answer",
                        "not a language model",
                        "lighthouses",
                        "done",
                        "tokens in",
                        "NAME",
                        "storyteller",
                        "VIRTUAL",
                        "ACTIVE",
                        "./dormouse demo --stay");
        assertThat(children).as("server, agent, model server").hasSize(3);
        assertNothingIsLeft(children);
    }

    @Test
    void with_stay_it_says_where_it_is_and_ends_well_on_sigterm() throws Exception {
        Process demo = demo("--stay");
        BufferedReader out = new BufferedReader(new InputStreamReader(demo.getInputStream(), UTF_8));
        String address = "";
        for (String line = out.readLine(); line != null && !line.contains("Ctrl-C"); line = out.readLine()) {
            if (line.startsWith("grpc=")) {
                address = line;
            }
        }
        assertThat(address).matches("grpc=127\\.0\\.0\\.1:\\d+");
        List<ProcessHandle> children = demo.descendants().toList();
        demo.destroy();
        assertThat(demo.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).isZero();
        assertNothingIsLeft(children);
    }
}
