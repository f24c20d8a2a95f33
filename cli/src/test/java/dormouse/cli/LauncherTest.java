package dormouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LauncherTest {
    @TempDir
    Path folder;

    private Checkout checkout;

    @BeforeEach
    void make() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: the launcher needs a POSIX shell");
        checkout = new Checkout(folder);
    }

    private Path source(String path) {
        return checkout.root.resolve(path);
    }

    private void built() throws Exception {
        assertThat(checkout.start("--help").exitCode()).isZero();
        checkout.age();
        assertThat(checkout.builds()).hasSize(1);
    }

    @Test
    void a_fresh_checkout_is_built_and_the_program_started_with_every_word_as_it_was() throws Exception {
        Checkout.Start start = checkout.start("run", "qwen3", "a  b", "", "*", "it's \"odd\"");

        assertThat(start.exitCode()).isZero();
        assertThat(start.err()).isEqualTo("dormouse: building…\n");
        assertThat(checkout.builds())
                .singleElement()
                .asString()
                .startsWith(checkout.jdk + " ")
                .contains("-pl proto,settings,cli -am", "-DskipTests", "package");
        assertThat(start.arguments())
                .containsSubsequence(
                        "-jar",
                        checkout.root + "/cli/target/dormouse-cli.jar",
                        "run",
                        "qwen3",
                        "a  b",
                        "",
                        "*",
                        "it's \"odd\"");
    }

    @Test
    void nothing_is_built_when_nothing_has_changed() throws Exception {
        built();

        Checkout.Start start = checkout.start("--help");

        assertThat(start.err()).isEmpty();
        assertThat(checkout.builds()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pom.xml",
                "cli/pom.xml",
                "cli/src/main/java/Some.java",
                "settings/src/main/java/Some.java",
                "proto/dormouse/v1/llm.proto",
                "proto/src/main/java"
            })
    void a_change_of_what_it_is_made_of_is_built(String path) throws Exception {
        built();

        Checkout.touch(source(path));

        assertThat(checkout.start("--help").err()).isEqualTo("dormouse: building…\n");
        assertThat(checkout.builds()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cli/src/test/java/SomeTest.java", "server/src/main/java/Some.java", "agent/pom.xml"})
    void a_change_of_anything_else_is_not(String path) throws Exception {
        built();

        Checkout.touch(source(path));

        assertThat(checkout.start("--help").err()).isEmpty();
    }

    @Test
    void a_jar_that_was_built_by_hand_counts() throws Exception {
        Files.createDirectories(source("server/target"));
        Files.createFile(source("server/target/dormouse-server.jar"));

        assertThat(checkout.start("server").err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "server --config x, server, --config x",
        "server migrate, server, migrate",
        "server backup x, cli, server backup x",
        "--server host:1 server backup x, cli, --server host:1 server backup x",
        "server restore backup, server, restore backup",
        "agent --check, agent, --check",
        "demo, demo, ''",
        "demo --stay, demo, --stay",
        "--stay demo --model m, demo, --stay --model m",
        "list, cli, list",
        "--server agent list, cli, --server agent list",
        "--server agent agent, agent, --server agent",
        "--token=x server, server, --token=x",
        "run demo server, cli, run demo server",
        "help server, cli, help server"
    })
    void the_first_word_names_the_program(String line, String program, String passed) throws Exception {
        Checkout.Start start = checkout.start(line.split(" "));

        List<String> arguments = start.arguments();
        int jar = arguments.indexOf("-jar");
        assertThat(arguments.get(jar + 1)).endsWith("/" + program + "/target/dormouse-" + program + ".jar");
        assertThat(String.join(" ", arguments.subList(jar + 2, arguments.size())))
                .isEqualTo(passed);
    }

    @Test
    void it_becomes_the_program() throws Exception {
        Checkout.Start start = checkout.start("server");

        assertThat(start.out()).contains("pid " + start.pid() + "\n");
    }

    @Test
    void it_works_from_anywhere_through_symbolic_links() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("middle"), Path.of("../check out/dormouse"));
        Files.createSymbolicLink(bin.resolve("mouse"), Path.of("middle"));

        Checkout.Start start = Checkout.end(checkout.begin(bin.resolve("mouse"), "list"));

        assertThat(start.arguments()).contains(checkout.root.toRealPath() + "/cli/target/dormouse-cli.jar");
    }

    @Test
    void two_starts_at_once_build_once() throws Exception {
        checkout.maven(checkout.tools.resolve("mvn"), "while ! [ -e go ]; do sleep 0.05; done");
        Process first = checkout.begin(source("dormouse"), "list");
        await().until(() -> checkout.builds().size() == 1);
        Process second = checkout.begin(source("dormouse"), "list");
        String waiting = new String(second.getErrorStream().readNBytes("dormouse: waiting".length()), "UTF-8");
        Files.createFile(checkout.tools.resolve("go"));

        assertThat(Checkout.end(first).exitCode()).isZero();
        assertThat(Checkout.end(second).exitCode()).isZero();
        assertThat(waiting).isEqualTo("dormouse: waiting");
        assertThat(checkout.builds()).hasSize(1);
    }

    @Test
    void the_lock_of_a_killed_build_is_taken_over() throws Exception {
        Process dead = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
        dead.waitFor();
        Files.createDirectories(source("target"));
        Files.createSymbolicLink(source("target/dormouse.lock"), Path.of(Long.toString(dead.pid())));

        assertThat(checkout.start("list").exitCode()).isZero();
        assertThat(source("target/dormouse.lock")).doesNotExist();
        assertThat(checkout.builds()).hasSize(1);
    }

    @Test
    void a_signal_ends_the_build_and_leaves_no_lock() throws Exception {
        checkout.maven(checkout.tools.resolve("mvn"), "exec sleep 60");
        Process process = checkout.begin(source("dormouse"), "list");
        await().until(() -> checkout.builds().size() == 1);
        process.toHandle().destroy(); // unlike the process's own method it leaves the pipes open

        assertThat(Checkout.end(process).exitCode()).isEqualTo(143);
        assertThat(Files.exists(source("target/dormouse.lock"), java.nio.file.LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void a_failed_build_is_told_and_tried_again() throws Exception {
        checkout.maven(checkout.tools.resolve("mvn"), "echo 'no such symbol'; exit 1");

        Checkout.Start start = checkout.start("list");

        assertThat(start.exitCode()).isEqualTo(2);
        assertThat(start.out()).isEmpty();
        assertThat(start.err()).contains("no such symbol", "the build failed");

        checkout.maven(checkout.tools.resolve("mvn"), "");
        assertThat(checkout.start("list").exitCode()).isZero();
    }

    @Test
    void an_edit_while_it_builds_is_built_next_time() throws Exception {
        checkout.maven(
                checkout.tools.resolve("mvn"),
                "sleep 0.05; touch \"$(dirname \"$0\")/../check out/cli/src/main/java/Some.java\"; sleep 0.05");

        checkout.start("list");
        checkout.start("list");

        assertThat(checkout.builds()).hasSize(2);
    }

    @Test
    void without_maven_the_wrapper_builds() throws Exception {
        Files.delete(checkout.tools.resolve("mvn"));
        assertThat(checkout.start("list").err()).contains("needs Maven");

        checkout.maven(checkout.root.resolve("mvnw"), "");
        assertThat(checkout.start("list").exitCode()).isZero();
    }

    @Test
    void java_is_looked_for_and_what_is_wrong_with_it_is_said() throws Exception {
        checkout.java("11.0.2");
        assertThat(checkout.start("list").err()).contains("is Java 11.0.2, which is too old", "17 or later");

        checkout.java("1.8.0_402");
        assertThat(checkout.start("list").err()).contains("too old");

        checkout.java("17.0.15");
        Files.delete(checkout.jdk.resolve("bin/javac"));
        assertThat(checkout.start("list").err()).contains("a build needs a JDK");

        checkout.env.put("JAVA_HOME", "/nowhere");
        assertThat(checkout.start("list").err()).contains("JAVA_HOME is /nowhere");

        checkout.env.remove("JAVA_HOME");
        Checkout.Start start = checkout.start("list");
        assertThat(start.err()).contains("Java is missing");
        assertThat(start.exitCode()).isEqualTo(2);
    }

    @Test
    void java_from_the_path_will_do() throws Exception {
        checkout.env.remove("JAVA_HOME");
        Files.createSymbolicLink(checkout.tools.resolve("java"), checkout.jdk.resolve("bin/java"));

        assertThat(checkout.start("list").exitCode()).isZero();
        assertThat(checkout.builds()).singleElement().asString().startsWith(checkout.jdk + " ");
    }

    @Test
    void a_distribution_is_started_without_any_build() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("dist/bin"));
        Path lib = Files.createDirectories(folder.resolve("dist/lib"));
        Files.copy(source("dormouse"), bin.resolve("dormouse"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Files.createFile(lib.resolve("dormouse-cli.jar"));

        Checkout.Start cli = Checkout.end(checkout.begin(bin.resolve("dormouse"), "list"));
        Checkout.Start server = Checkout.end(checkout.begin(bin.resolve("dormouse"), "server"));

        assertThat(cli.arguments()).contains(lib.toRealPath() + "/dormouse-cli.jar");
        assertThat(server.exitCode()).isEqualTo(2);
        assertThat(server.err()).contains("dormouse-server.jar is missing");
        assertThat(checkout.builds()).isEmpty();
    }

    @Test
    void options_for_java_are_honoured() throws Exception {
        checkout.env.put("DORMOUSE_JAVA_OPTS", "-Xmx64m -XX:+UseParallelGC -Dx=*");

        assertThat(checkout.start("list").arguments())
                .containsSubsequence("-Xmx64m", "-XX:+UseParallelGC", "-Dx=*", "-jar")
                .doesNotContain("-XX:+UseSerialGC");
        assertThat(checkout.start("server").arguments()).startsWith("-Xmx64m", "-XX:+UseParallelGC", "-Dx=*", "-jar");
    }

    @Test
    void arguments_reach_java_as_utf_8_whatever_the_locale() throws Exception {
        assertThat(checkout.start("list").out()).contains("locale C.UTF-8\n");
        checkout.env.put("LANG", "de_DE.UTF-8");
        assertThat(checkout.start("list").out()).contains("locale none\n");
        checkout.env.put("LC_ALL", "POSIX");
        assertThat(checkout.start("list").out()).contains("locale C.UTF-8\n");
        assertThat(checkout.start("server").out()).contains("locale POSIX\n");
    }

    @Test
    void the_class_archive_is_written_at_the_first_use_and_read_from_then_on() throws Exception {
        assertThat(checkout.start("--help").arguments()).noneMatch(word -> word.contains(".jsa"));

        String write = archive(checkout.start("list"), "-XX:ArchiveClassesAtExit=");
        Files.createFile(Path.of(write));
        assertThat(archive(checkout.start("list"), "-XX:SharedArchiveFile=")).isEqualTo(write);
        assertThat(archive(checkout.start("--help"), "-XX:SharedArchiveFile=")).isEqualTo(write);

        Files.createFile(Path.of(write + ".poor"));
        assertThat(archive(checkout.start("list"), "-XX:ArchiveClassesAtExit=")).isEqualTo(write);
        assertThat(Path.of(write)).doesNotExist();
        assertThat(Path.of(write + ".poor")).doesNotExist();

        checkout.java("25.0.1");
        Checkout.Start other = checkout.start("list");
        assertThat(archive(other, "-XX:ArchiveClassesAtExit=")).isNotEqualTo(write);
        assertThat(other.arguments()).contains("--sun-misc-unsafe-memory-access=allow");
    }

    private static String archive(Checkout.Start start, String option) {
        return start.arguments().stream()
                .filter(word -> word.startsWith(option))
                .map(word -> word.substring(option.length()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + option + " in " + start.arguments()));
    }
}
