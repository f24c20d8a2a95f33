package dormouse.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What can be fuzzed, each with its own name, its good inputs and the words that mean something to it. The long form
 * ({@code e2e/fuzz}) calls the method {@code fuzzerTestOneInput} of the class; the short form is {@link FuzzTest}.
 */
enum FuzzTarget {
    AGENT_STREAM(AgentStreamTarget.class, 120, AgentStreamTarget.seeds(), List.of()),
    HTTP_DOOR(
            HttpDoorTarget.class,
            120,
            HttpDoorTarget.seeds(),
            texts(
                    "\r\n",
                    "\r\n\r\n",
                    "Content-Length: 5\r\n",
                    "Transfer-Encoding: chunked\r\n",
                    "model",
                    "%2e%2e/",
                    "..",
                    "0\r\n\r\n",
                    "\0")),
    SERVER_CONFIG(
            ServerConfigTarget.class,
            300,
            ServerConfigTarget.seeds(),
            texts(
                    "\n",
                    ": ",
                    "- ",
                    "&a ",
                    "*a",
                    "<<: ",
                    "${X}",
                    "$",
                    "'",
                    "\"",
                    "{",
                    "[",
                    "|\n",
                    "!!int ",
                    "!!%d ",
                    "99999999999999999999",
                    "-1",
                    "\t",
                    "\0")),
    AGENT_CONFIG(
            dormouse.agent.AgentConfigTarget.class,
            300,
            dormouse.agent.AgentConfigTarget.seeds(),
            texts(
                    "\n",
                    ": ",
                    "- ",
                    "&a ",
                    "*a",
                    "<<: ",
                    "${X}",
                    "$",
                    "'",
                    "\"",
                    "{",
                    "[",
                    "|\n",
                    "!!int ",
                    "99999999999999999999",
                    "-1",
                    "\t",
                    "23:00-07:00")),
    REWRITE(
            dormouse.agent.RewriteTarget.class,
            1500,
            dormouse.agent.RewriteTarget.seeds(),
            texts(
                    "\"model\":",
                    "\\u006dodel",
                    "model",
                    "{",
                    "}",
                    "[",
                    "\"",
                    "\\",
                    "--b",
                    "\r\n",
                    "\r\n\r\n",
                    "name=\"model\"",
                    ",",
                    "1e999",
                    "\0"));

    final Class<?> type;
    final int inputs;
    final List<byte[]> seeds;
    final List<byte[]> words;

    FuzzTarget(Class<?> type, int inputs, List<byte[]> seeds, List<byte[]> words) {
        this.type = type;
        this.inputs = inputs;
        this.seeds = seeds;
        this.words = words.isEmpty() ? seeds : words;
    }

    private static List<byte[]> texts(String... texts) {
        return Stream.of(texts)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    /** {@code TARGET DIRECTORY}: writes its good inputs there, for the long form, and says the class that it is to call. */
    public static void main(String[] args) throws IOException {
        FuzzTarget target = valueOf(args[0].toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
        Path directory = Files.createDirectories(Path.of(args[1]));
        for (int i = 0; i < target.seeds.size(); i++) {
            Files.write(directory.resolve("seed-" + i), target.seeds.get(i));
        }
        System.out.println(target.type.getName());
    }
}
