package dormouse.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * The commands that are programs of their own, here for the help and the completion: the launcher starts their jars,
 * so that the server's libraries never slow down a {@code list}.
 */
final class OtherProgram {
    private OtherProgram() {}

    private static Failure notHere(String name) {
        return Failure.usage("`" + name + "` is a program of its own: start it with the launcher, `./dormouse " + name
                + "`, or with `java -jar dormouse-" + name + ".jar`");
    }

    @Command(
            name = "server",
            description = "Starts a server, or does something with its database. `dormouse server --help` shows how.")
    static final class Server implements Callable<Integer> {
        @Unmatched
        private final List<String> arguments = new ArrayList<>();

        @Override
        public Integer call() {
            throw notHere("server");
        }
    }

    @Command(
            name = "agent",
            description = "Starts an agent, which publishes models. `dormouse agent --help` shows its own options.")
    static final class Agent implements Callable<Integer> {
        @Unmatched
        private final List<String> arguments = new ArrayList<>();

        @Override
        public Integer call() {
            throw notHere("agent");
        }
    }

    @Command(
            name = "demo",
            description = "Starts a server, an agent and a sleeping model on this machine, and asks it something.")
    static final class Demo implements Callable<Integer> {
        @Unmatched
        private final List<String> arguments = new ArrayList<>();

        @Override
        public Integer call() {
            throw notHere("demo");
        }
    }
}
