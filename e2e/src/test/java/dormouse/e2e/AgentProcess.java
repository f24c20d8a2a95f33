package dormouse.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An agent of its own process, with a state directory that it keeps over restarts. */
final class AgentProcess implements AutoCloseable {
    private final Path directory;
    private final Path config;
    private Program program;

    private AgentProcess(Path directory, Path config) {
        this.directory = directory;
        this.config = config;
        this.program = begin();
    }

    /** @param llms the YAML of the list {@code llms}, its items at the margin */
    static AgentProcess start(Path directory, String name, String server, String llms) {
        try {
            Path home = Files.createDirectories(directory.resolve("agent-" + name));
            Path config = home.resolve("agent.yaml");
            Files.writeString(
                    config,
                    "server: " + server + "\nname: " + name + "\nstateDir: " + home.resolve("state") + "\nllms:\n"
                            + llms.indent(2));
            return new AgentProcess(home, config);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Program begin() {
        return Program.start("agent", directory, Program.java("agent", "--config", config.toString()));
    }

    void startAgain() {
        program = begin();
    }

    Program program() {
        return program;
    }

    @Override
    public void close() {
        program.close();
    }
}
