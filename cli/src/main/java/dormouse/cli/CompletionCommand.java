package dormouse.cli;

import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dormouse completion SHELL}. */
@Command(
        name = "completion",
        description = {
            "Prints a script that completes commands, options and the names of Llms.",
            "bash, zsh:  source <(dormouse completion bash)",
            "fish:       dormouse completion fish | source"
        })
final class CompletionCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell = Shell.BASH;

    private enum Shell {
        BASH,
        ZSH,
        FISH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    CompletionCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() {
        CommandSpec root = Objects.requireNonNull(spec).root();
        String script = switch (shell) {
            // the script begins by turning on zsh's emulation of bash's completion
            case BASH, ZSH -> BashCompletion.of(root);
            case FISH -> FishCompletion.of(root);
        };
        dormouse.console().out().print(script).flush();
        return ExitCode.DONE;
    }
}
