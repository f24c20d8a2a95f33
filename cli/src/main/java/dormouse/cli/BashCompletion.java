package dormouse.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The commands and options as a function for bash's {@code complete}, which zsh understands too. Picocli can print
 * such a script, but one that does not know the names of the Llms.
 */
final class BashCompletion {
    private static final String HEAD = """
            if [ -n "${ZSH_VERSION-}" ]; then
                autoload -U +X compinit && compinit
                autoload -U +X bashcompinit && bashcompinit
            fi

            _dormouse() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
                if [ "$word" = = ]; then
                    word=
                elif [ "$before" = = ]; then
                    before=${COMP_WORDS[COMP_CWORD-2]}
                fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                        %COMMANDS%) command=${COMP_WORDS[i]}; break ;;
                    esac
                done
                local words=
                case $command:$before in
            """;
    private static final String TAIL = """
                esac
                COMPREPLY=($(compgen -W "$words" -- "$word"))
            }
            complete -F _dormouse dormouse
            """;
    /** Only what a name may be made of: bash would carry out a command in the words that it is to choose from. */
    private static final String NAMES = "$(dormouse list -o name 2>/dev/null | grep -x '[A-Za-z0-9._:/-]*')";

    private BashCompletion() {}

    static String of(CommandSpec root) {
        StringBuilder script = new StringBuilder(
                HEAD.replace("%COMMANDS%", String.join("|", root.subcommands().keySet())));
        for (OptionSpec option : root.options()) {
            value(script, "*", option);
        }
        for (Map.Entry<String, CommandLine> command : root.subcommands().entrySet()) {
            CommandSpec spec = command.getValue().getCommandSpec();
            for (OptionSpec option : spec.options()) {
                if (!root.optionsMap().containsKey(option.longestName())) {
                    value(script, command.getKey(), option);
                }
            }
        }
        for (Map.Entry<String, CommandLine> command : root.subcommands().entrySet()) {
            line(script, command.getKey() + ":*", words(command.getValue().getCommandSpec()));
        }
        List<String> words = new ArrayList<>(root.subcommands().keySet());
        words.addAll(new TreeSet<>(root.optionsMap().keySet()));
        return line(script, "*", String.join(" ", words)).append(TAIL).toString();
    }

    /** What may follow an option that wants a value. */
    private static void value(StringBuilder script, String command, OptionSpec option) {
        if (option.arity().max() > 0) {
            String pattern = command + ":" + String.join("|" + command + ":", option.names());
            if (option.paramLabel().equals("FILE")) {
                script.append("        ")
                        .append(pattern)
                        .append(") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
            } else if (option.completionCandidates() != null) {
                line(script, pattern, String.join(" ", option.completionCandidates()));
            } else {
                line(script, pattern, "");
            }
        }
    }

    /** What may stand anywhere after a command. */
    private static String words(CommandSpec command) {
        List<String> words = new ArrayList<>(new TreeSet<>(command.optionsMap().keySet()));
        words.addAll(command.subcommands().keySet());
        command.subcommands().values().forEach(below -> words.add(words(below.getCommandSpec())));
        command.positionalParameters().forEach(parameter -> {
            if (parameter.completionCandidates() != null) {
                parameter.completionCandidates().forEach(words::add);
            } else if (parameter.paramLabel().equals("NAME")) {
                words.add(NAMES);
            }
        });
        return String.join(" ", words);
    }

    private static StringBuilder line(StringBuilder script, String pattern, String words) {
        return script.append("        ")
                .append(pattern)
                .append(") words=\"")
                .append(words)
                .append("\" ;;\n");
    }
}
