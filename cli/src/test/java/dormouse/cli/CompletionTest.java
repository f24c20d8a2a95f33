package dormouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompletionTest {
    @TempDir
    Path folder;

    private String script(String shell) {
        CommandRun cli = new CommandRun(folder);
        assertThat(cli.run("completion", shell)).isZero();
        return cli.out();
    }

    private String run(String shell, String program) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("program"), program);
        Process process = new ProcessBuilder(shell, file.toString())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said.strip();
    }

    private static void needs(String shell) {
        boolean found = false;
        for (String place : System.getenv().getOrDefault("PATH", "").split(":")) {
            found |= Files.isExecutable(Path.of(place, shell));
        }
        assumeTrue(found, "skipped: there is no " + shell + " here");
    }

    @ParameterizedTest
    @CsvSource({
        "li, list",
        "list --st, --status",
        "list --status WA, WAKING",
        "list --status = AC, ACTIVE",
        "ls -o j, json",
        "wake q, qwen3 qwen3:8b",
        "--server host:1 run t, tiny",
        "completion z, zsh"
    })
    void bash_completes_commands_options_their_values_and_names(String line, String expected) throws Exception {
        needs("bash");
        String program = """
                dormouse() { printf '%s\\n' qwen3 qwen3:8b tiny 'q$(touch evil)'; }
                """
                + script("bash")
                + "COMP_WORDS=(dormouse " + line + ")\n"
                + "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dormouse; echo \"${COMPREPLY[@]}\"\n";

        assertThat(run("bash", program)).isEqualTo(expected);
    }

    @Test
    void zsh_takes_the_script() throws Exception {
        needs("zsh");
        String program = script("zsh") + "print -r -- ${_comps[dormouse]}\n";

        assertThat(run("zsh", program)).contains("_dormouse");
    }

    @Test
    void fish_takes_the_script() throws Exception {
        needs("fish");
        String program = "function dormouse; echo qwen3; echo tiny; end\n" + script("fish")
                + "complete -C 'dormouse wake t'; complete -C 'dormouse list -o js'\n";

        assertThat(run("fish", program)).startsWith("tiny\tLlm").contains("json");
    }
}
