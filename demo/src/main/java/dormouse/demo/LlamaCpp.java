package dormouse.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaIterator;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A GGUF file, run by llama.cpp inside this process. Several answers run at once, in slots of llama.cpp's own.
 *
 * <p>Its native threads outlive {@code close}: a process that has made one ends only with {@code Runtime.halt}.
 */
final class LlamaCpp implements Model {
    private static final int SLOTS = 4;
    private static final int CONTEXT_PER_SLOT = 2048;

    private final String id;
    private final LlamaModel model;

    private LlamaCpp(String id, LlamaModel model) {
        this.id = id;
        this.model = model;
    }

    /** Reads the file into memory, which takes a moment. */
    static LlamaCpp load(String id, Path gguf) {
        ModelParameters parameters = new ModelParameters()
                .setModel(gguf.toString())
                .setParallel(SLOTS)
                .setCtxSize(SLOTS * CONTEXT_PER_SLOT)
                .setThreads(Math.max(1, Runtime.getRuntime().availableProcessors()))
                .enableJinja()
                .disableLog();
        return new LlamaCpp(id, new LlamaModel(parameters));
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Ending answer(ChatPrompt prompt, Sink sink) throws IOException {
        String text = inTemplate(prompt);
        int promptTokens = model.encode(text).length;
        int room = CONTEXT_PER_SLOT - promptTokens;
        if (room < 1) {
            return new Ending(promptTokens, 0, "length");
        }
        int limit = Math.min(prompt.maxTokens(), room);
        InferenceParameters parameters = new InferenceParameters(text)
                .setNPredict(limit)
                .setTemperature((float) prompt.temperature())
                .setSeed(prompt.seed());
        int pieces = 0;
        LlamaIterator answer = model.generate(parameters).iterator();
        try {
            while (answer.hasNext()) {
                LlamaOutput output = answer.next();
                if (!output.text.isEmpty()) {
                    pieces++;
                    sink.piece(output.text);
                }
            }
        } catch (IOException e) {
            answer.cancel();
            throw e;
        }
        return new Ending(promptTokens, pieces, pieces < limit ? "stop" : "length");
    }

    /** The conversation in the model's own chat template, which its file carries. */
    private String inTemplate(ChatPrompt prompt) {
        ObjectNode request = JsonNodeFactory.instance.objectNode().put("use_jinja", true);
        prompt.messages()
                .forEach(message -> request.withArray("messages")
                        .addObject()
                        .put("role", message.role())
                        .put("content", message.content()));
        return model.applyTemplate(request.toString());
    }
}
