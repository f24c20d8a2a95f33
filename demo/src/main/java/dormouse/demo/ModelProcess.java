package dormouse.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * The model server as a process: loads its model, and only then listens. It ends on SIGTERM, and when its standard
 * input ends, so that it never outlives the demo, however that died.
 */
final class ModelProcess {
    static final String WORD = "model-server";

    /** About the speed at which a small model talks. */
    private static final Duration PACE = Duration.ofMillis(25);

    private ModelProcess() {}

    /** The arguments after {@link #WORD}; {@link #run} reads them back. */
    static List<String> arguments(ModelChoice.Booted choice, int port) {
        return choice instanceof ModelChoice.SmolLm smol
                ? List.of(WORD, Integer.toString(port), smol.name(), smol.gguf().toString())
                : List.of(WORD, Integer.toString(port), choice.name());
    }

    static void run(List<String> arguments) {
        // llama.cpp's threads would keep an orderly exit waiting for ever.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
        try {
            long began = System.nanoTime();
            int port = Integer.parseInt(arguments.get(0));
            Model model = arguments.size() > 2
                    ? LlamaCpp.load(arguments.get(1), Path.of(arguments.get(2)))
                    : new Storyteller(PACE);
            try (ModelServer server = ModelServer.start(model, port, Clock.systemUTC())) {
                long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
                System.out.printf("%s listens on port %d, loaded in %d ms%n", model.id(), server.port(), millis);
                System.in.transferTo(OutputStream.nullOutputStream());
            }
            Runtime.getRuntime().halt(0);
        } catch (IOException | RuntimeException | LinkageError e) {
            System.err.println("the model server failed: " + e);
            Runtime.getRuntime().halt(1);
        }
    }
}
