package dormouse.cli;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The commands and options as fish's {@code complete} wants them. */
final class FishCompletion {
    private FishCompletion() {}

    static String of(CommandSpec root) {
        StringBuilder script = new StringBuilder("complete -c dormouse -f\n");
        String commands = String.join(" ", root.subcommands().keySet());
        String none = "not __fish_seen_subcommand_from " + commands;
        for (OptionSpec option : root.options()) {
            option(script, "", option);
        }
        for (Map.Entry<String, CommandLine> command : root.subcommands().entrySet()) {
            CommandSpec spec = command.getValue().getCommandSpec();
            script.append("complete -c dormouse -n ").append(quoted(none));
            script.append(" -a ").append(command.getKey());
            description(script, spec.usageMessage().description());
            for (OptionSpec option : spec.options()) {
                if (!option.inherited() && !root.optionsMap().containsKey(option.longestName())) {
                    option(script, "__fish_seen_subcommand_from " + command.getKey(), option);
                }
            }
            if (!spec.subcommands().isEmpty()) {
                script.append("complete -c dormouse -n ")
                        .append(quoted("__fish_seen_subcommand_from " + command.getKey()))
                        .append(" -a ")
                        .append(quoted(String.join(" ", spec.subcommands().keySet())))
                        .append('\n');
            }
            spec.positionalParameters().stream()
                    .filter(parameter -> parameter.completionCandidates() != null
                            && parameter.completionCandidates().iterator().hasNext())
                    .forEach(parameter -> script.append("complete -c dormouse -n ")
                            .append(quoted("__fish_seen_subcommand_from " + command.getKey()))
                            .append(" -a ")
                            .append(quoted(String.join(" ", parameter.completionCandidates())))
                            .append('\n'));
        }
        script.append("complete -c dormouse -n '__fish_seen_subcommand_from get describe run wake sleep delete'")
                .append(" -a '(dormouse list -o name 2>/dev/null)' -d Llm\n");
        return script.toString();
    }

    private static void option(StringBuilder script, String condition, OptionSpec option) {
        script.append("complete -c dormouse");
        if (!condition.isEmpty()) {
            script.append(" -n ").append(quoted(condition));
        }
        for (String name : option.names()) {
            script.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
        }
        if (option.arity().max() > 0) {
            script.append(option.paramLabel().equals("FILE") ? " -r -F" : " -x");
            if (option.completionCandidates() != null) {
                script.append(" -a ").append(quoted(String.join(" ", option.completionCandidates())));
            }
        }
        description(script, option.description());
    }

    private static void description(StringBuilder script, String[] lines) {
        if (lines.length > 0 && !lines[0].contains("${")) {
            script.append(" -d ").append(quoted(lines[0].replace("%n", " ")));
        }
        script.append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
