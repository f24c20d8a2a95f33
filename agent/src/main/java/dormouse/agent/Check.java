package dormouse.agent;

import dormouse.agent.Sighting.Find;
import io.vertx.core.Vertx;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What {@code --check} does: asks each backend once, looks at each port once where the agent is to discover, and says
 * what would be published and what is wrong. Blocking; not on a loop.
 */
final class Check {
    /** With a port; longer than an agent has, since it is asked once. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Loop loop;
    private final HttpCaller http;
    private final PrintStream out;

    private Check(Loop loop, HttpCaller http, PrintStream out) {
        this.loop = loop;
        this.http = http;
        this.out = out;
    }

    /** Prints a line for each Llm; true where each answers or can be woken. */
    static boolean run(Vertx vertx, AgentConfig config, PrintStream out) {
        Loop loop = new VertxLoop(vertx);
        HttpClients clients = new HttpClients(vertx);
        try {
            return new Check(loop, new HttpCaller(clients, loop), out).run(config);
        } finally {
            clients.close();
        }
    }

    private boolean run(AgentConfig config) {
        boolean good = true;
        for (Answer each : ask(config.llms())) {
            good &= report(each.llm(), each.availability().join(), "");
        }
        int found = config.discover() ? discover(config) : 0;
        if (config.llms().isEmpty() && found == 0) {
            out.println(
                    config.discover()
                            ? "nothing answers on the ports " + config.discoverPorts()
                                    + ": nothing would be published until something does"
                            : "no llms: nothing would be published");
        }
        return good;
    }

    private int discover(AgentConfig config) {
        PortLook look = new PortLook(http, PATIENCE);
        List<CompletableFuture<Sighting>> looks = new ArrayList<>();
        for (int port : config.discoverPorts()) {
            CompletableFuture<Sighting> seen = new CompletableFuture<>();
            loop.execute(() -> Then.accept(look.look(port), seen::complete));
            looks.add(seen);
        }
        List<Find> finds = new ArrayList<>();
        for (int i = 0; i < looks.size(); i++) {
            Sighting seen = looks.get(i).join();
            if (seen instanceof Sighting.Server server) {
                finds.addAll(server.models());
            } else if (seen instanceof Sighting.Stranger stranger) {
                out.printf("port %d  left alone: %s%n", config.discoverPorts().get(i), stranger.what());
            }
        }
        List<LlmConfig> found = new FoundNames().llms(finds, config.llms());
        ask(found).forEach(each -> report(each.llm(), each.availability().join(), "  found"));
        return found.size();
    }

    private record Answer(LlmConfig llm, CompletableFuture<Availability> availability) {}

    private List<Answer> ask(List<LlmConfig> llms) {
        Prober prober = new Prober(http);
        List<Answer> answers = new ArrayList<>();
        for (LlmConfig llm : llms) {
            CompletableFuture<Availability> answer = new CompletableFuture<>();
            loop.execute(() -> Then.accept(prober.probe(llm), answer::complete));
            Duration patience = llm.available().timeout().multipliedBy(3);
            answers.add(new Answer(
                    llm,
                    answer.completeOnTimeout(
                            Availability.no("no answer"), patience.toMillis(), TimeUnit.MILLISECONDS)));
        }
        return answers;
    }

    private boolean report(LlmConfig llm, Availability answer, String how) {
        String status = answer.up() ? "ACTIVE" : llm.isWakeable() ? "HIBERNATING" : "not available";
        out.printf("%s  %s  %s  %s (%s)%s%n", llm.name(), status, llm.type(), llm.url(), answer.detail(), how);
        if (llm.wake() != null) {
            out.printf(
                    "  wake: %s, at most %s%n",
                    llm.wake().recipe(), Spans.say(llm.wake().maxWait()));
        }
        if (llm.sleep() != null) {
            Duration idle = llm.sleep().idleAfter();
            out.printf(
                    "  sleep: %s, %s%n",
                    llm.sleep().recipe(), idle == null ? "when asked to" : "when idle for " + Spans.say(idle));
        }
        if (llm.policy() != null) {
            out.printf("  policy: %s%n", llm.policy());
        }
        return answer.up() || llm.isWakeable();
    }
}
