package dormouse.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The launcher in a checkout of its own, with a Java and a Maven that only write down how they were called. Its PATH
 * holds the few tools that the launcher may use and nothing else.
 */
final class Checkout {
    private static final List<String> TOOLS = List.of(
            "sh",
            "cat",
            "cksum",
            "dirname",
            "find",
            "head",
            "ln",
            "ls",
            "mkdir",
            "mv",
            "readlink",
            "rm",
            "rmdir",
            "sed",
            "sleep",
            "stty",
            "tr",
            "touch");

    /** How a start ended. */
    record Start(int exitCode, String out, String err, long pid) {
        /** What the Java of the tests was given, an argument a line. */
        List<String> arguments() {
            return out.lines()
                    .filter(line -> line.startsWith("arg "))
                    .map(line -> line.substring(4))
                    .toList();
        }
    }

    final Path root;
    final Path tools;
    final Path jdk;
    final Map<String, String> env = new HashMap<>();

    private final Path builds;

    /** @param folder empty; the checkout is below it, in a folder with a blank in its name */
    Checkout(Path folder) throws IOException {
        root = Files.createDirectories(folder.resolve("check out"));
        tools = Files.createDirectories(folder.resolve("tools"));
        jdk = folder.resolve("jdk");
        builds = folder.resolve("builds");
        Files.createFile(builds);
        for (String tool : TOOLS) {
            Path real = Path.of("/usr/bin", tool);
            script(tools.resolve(tool), "exec " + (Files.exists(real) ? "/usr/bin/" : "/bin/") + tool + " \"$@\"\n");
        }
        Files.copy(Path.of("..", "dormouse"), root.resolve("dormouse"));
        executable(root.resolve("dormouse"));
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        for (String module : List.of("proto", "settings", "agent", "server", "cli", "demo")) {
            write(root.resolve(module).resolve("pom.xml"), "<project/>");
            write(root.resolve(module).resolve("src/main/java/Some.java"), "class Some {}");
            write(root.resolve(module).resolve("src/test/java/SomeTest.java"), "class SomeTest {}");
        }
        write(root.resolve("proto/dormouse/v1/llm.proto"), "syntax");
        java("17.0.15");
        Files.writeString(jdk.resolve("bin/javac"), "#!/bin/sh\n");
        executable(jdk.resolve("bin/javac"));
        maven(tools.resolve("mvn"), "");
        env.put("PATH", tools.toString());
        env.put("JAVA_HOME", jdk.toString());
        env.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        age();
    }

    void java(String version) throws IOException {
        script(jdk.resolve("bin/java"), """
                echo "pid $$"
                echo "locale ${LC_ALL:-none}"
                for word in "$@"; do echo "arg $word"; done
                """);
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    }

    /** A Maven that makes every jar, after the given commands. */
    void maven(Path path, String first) throws IOException {
        script(path, "echo \"$JAVA_HOME $*\" >>'" + builds + "'\n" + first + """

                        for program in cli server agent demo; do
                            mkdir -p "$(dirname "$0")/../check out/$program/target"
                            : >"$(dirname "$0")/../check out/$program/target/dormouse-$program.jar"
                        done
                        """);
    }

    /** The command lines of the builds so far. */
    List<String> builds() throws IOException {
        return Files.readAllLines(builds);
    }

    /** Makes everything that is there old, so that what changes next is newer without any waiting. */
    void age() throws IOException {
        Instant now = Instant.now();
        try (var files = Files.walk(root)) {
            for (Path file : files.toList()) {
                Instant modified = Files.getLastModifiedTime(file).toInstant();
                if (modified.isAfter(now.minusSeconds(1_000))) {
                    Files.setLastModifiedTime(file, FileTime.from(modified.minusSeconds(2_000)));
                }
            }
        }
    }

    static void touch(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    }

    Process begin(Path launcher, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(tools.toFile());
        builder.environment().clear();
        builder.environment().putAll(env);
        return builder.start();
    }

    Start start(String... arguments) throws IOException, InterruptedException {
        return end(begin(root.resolve("dormouse"), arguments));
    }

    static Start end(Process process) throws IOException, InterruptedException {
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the launcher hangs; it said: " + err);
        }
        return new Start(process.exitValue(), out, err, process.pid());
    }

    private static void script(Path path, String body) throws IOException {
        write(path, "#!/bin/sh\n" + body);
        executable(path);
    }

    private static void write(Path path, String text) throws IOException {
        Path folder = path.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.writeString(path, text);
    }

    private static void executable(Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
