package dormouse.agent;

import io.vertx.core.Vertx;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What {@code --check} does: asks each backend once and says what would be published. Blocking; not on a loop. */
final class Check {
    private Check() {}

    /** Prints a line for each Llm; true where each answers or can be woken. */
    static boolean run(Vertx vertx, AgentConfig config, PrintStream out) {
        if (config.llms().isEmpty()) {
            out.println("no llms: nothing would be published");
            return true;
        }
        Loop loop = new VertxLoop(vertx);
        HttpClients clients = new HttpClients(vertx);
        Prober prober = new Prober(new HttpCaller(clients, loop));
        boolean good = true;
        try {
            for (Answer each : ask(loop, prober, config.llms())) {
                good &= report(each.llm(), each.availability().join(), out);
            }
        } finally {
            clients.close();
        }
        return good;
    }

    private record Answer(LlmConfig llm, CompletableFuture<Availability> availability) {}

    private static List<Answer> ask(Loop loop, Prober prober, List<LlmConfig> llms) {
        List<Answer> answers = new ArrayList<>();
        for (LlmConfig llm : llms) {
            CompletableFuture<Availability> answer = new CompletableFuture<>();
            loop.execute(() -> Then.accept(prober.probe(llm), answer::complete));
            Duration patience = llm.available().timeout().multipliedBy(3);
            answers.add(new Answer(
                    llm,
                    answer.completeOnTimeout(
                            Availability.no("no answer"),
                            patience.toMillis(),
                            java.util.concurrent.TimeUnit.MILLISECONDS)));
        }
        return answers;
    }

    private static boolean report(LlmConfig llm, Availability answer, PrintStream out) {
        String status = answer.up() ? "ACTIVE" : llm.isWakeable() ? "HIBERNATING" : "not available";
        out.printf("%s  %s  %s  %s (%s)%n", llm.name(), status, llm.type(), llm.url(), answer.detail());
        return answer.up() || llm.isWakeable();
    }
}
