package dormouse.agent;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command line of the agent. */
record Arguments(@Nullable Path config, List<Assignment> settings, boolean check, boolean help, boolean version) {
    static final String USAGE = """
            Usage: dormouse agent [--config FILE] [--set KEY=VALUE]... [--check]
            Publishes the language models of this machine to a Dormouse server.

              --config FILE     the agent's file (default: ~/.config/dormouse/agent.yaml, where it exists)
              --set KEY=VALUE   sets one key over the file, for instance --set server=localhost:7700
                                (DORMOUSE_AGENT_SERVER=localhost:7700 in the environment does the same, below --set)
              --check           reads the file, asks each backend whether it answers, looks at the local ports where
                                it is to discover, and exits: 0 when all answer or can be woken, 1 when not, 2 when
                                the file is wrong
              --help, --version
            """;

    /** One {@code --set}. */
    record Assignment(String key, String value) {}

    /** @throws IllegalArgumentException with a complete message, where they are wrong */
    static Arguments parse(String... args) {
        Path config = null;
        List<Assignment> settings = new ArrayList<>();
        boolean check = false;
        boolean help = false;
        boolean version = false;
        for (int i = 0; i < args.length; i++) {
            String option = args[i];
            String value = null;
            int equals = option.startsWith("--") ? option.indexOf('=') : -1;
            if (equals > 0) {
                value = option.substring(equals + 1);
                option = option.substring(0, equals);
            } else if ((option.equals("--config") || option.equals("--set")) && i + 1 < args.length) {
                value = args[++i];
            }
            switch (option) {
                case "--config" -> config = Path.of(needed(option, value, "FILE"));
                case "--set" -> settings.add(assignment(needed(option, value, "KEY=VALUE")));
                case "--check" -> check = true;
                case "--help", "-h" -> help = true;
                case "--version" -> version = true;
                default -> throw new IllegalArgumentException("unknown argument " + args[i] + "; --help lists them");
            }
        }
        return new Arguments(config, List.copyOf(settings), check, help, version);
    }

    private static String needed(String option, @Nullable String value, String what) {
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(option + " needs " + what);
        }
        return value;
    }

    private static Assignment assignment(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("--set needs KEY=VALUE, not " + text);
        }
        return new Assignment(text.substring(0, equals), text.substring(equals + 1));
    }
}
