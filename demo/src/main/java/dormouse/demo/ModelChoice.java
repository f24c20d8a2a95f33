package dormouse.demo;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** Which model the demo shows. */
sealed interface ModelChoice {
    /** The name of the Llm. */
    String name();

    /** One line for the reader: what answers. */
    String description();

    /** A model that sleeps until the demo boots it. */
    sealed interface Booted extends ModelChoice {}

    /** What somebody already runs on this machine; it is published as it is. */
    record Running(LocalServer server, String model) implements ModelChoice {
        /** With what a name may not hold replaced. */
        @Override
        public String name() {
            String name = model.replaceAll("[^a-zA-Z0-9._:/-]", "-");
            return name.length() <= 128 ? name : name.substring(0, 128);
        }

        @Override
        public String description() {
            return model + ", which " + server.product() + " serves on port " + server.port()
                    + " (--story: one that sleeps)";
        }
    }

    /** A real language model, run by llama.cpp. */
    record SmolLm(Path gguf) implements Booted {
        @Override
        public String name() {
            return "smollm2-135m";
        }

        @Override
        public String description() {
            return "SmolLM2-135M-Instruct, a small language model, run by llama.cpp";
        }
    }

    /** The built-in storyteller. */
    record Story() implements Booted {
        @Override
        public String name() {
            return "storyteller";
        }

        @Override
        public String description() {
            return "the built-in storyteller, which is not a language model (--real: a real one)";
        }
    }

    /**
     * Chooses: what runs already; else SmolLM2, where it is asked for or in the cache; else the storyteller.
     *
     * @param running asked only where it matters, since it looks around on this machine
     * @param fetch brings SmolLM2, which takes a while
     */
    static ModelChoice choose(
            Options options, Supplier<Optional<Running>> running, Optional<Path> cached, Supplier<Path> fetch) {
        if (options.story()) {
            return new Story();
        }
        Optional<Running> found = running.get();
        if (found.isPresent()) {
            return found.get();
        }
        if (cached.isPresent()) {
            return new SmolLm(cached.get());
        }
        return options.real() ? new SmolLm(fetch.get()) : new Story();
    }
}
