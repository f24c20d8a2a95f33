package dormouse.cli;

import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import io.grpc.StatusException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dormouse run NAME [PROMPT]}. */
@Command(
        name = "run",
        description = {
            "Asks an Llm and streams its answer, waking it first where it sleeps.",
            "Without a PROMPT, on a terminal, a chat: end it with /bye or Ctrl-D."
        })
final class RunCommand implements Callable<Integer> {
    private static final int PROMPT_BYTES = 32 << 20;

    private final Dormouse dormouse;

    @Parameters(index = "0", paramLabel = "NAME", description = "The Llm, or a pool.")
    private String name = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "PROMPT",
            description = "What to ask; - reads it from standard input.")
    private List<String> prompt = List.of();

    @Option(names = "--system", paramLabel = "TEXT", description = "What the Llm is told first: its role.")
    private @Nullable String system;

    @Option(names = "--max-tokens", paramLabel = "N", description = "The longest answer.")
    private @Nullable Integer maxTokens;

    @Option(names = "--temperature", paramLabel = "T", description = "0 for the likeliest answer, more for variety.")
    private @Nullable Double temperature;

    @Option(names = "--top-p", paramLabel = "P", description = "Choose from the likeliest tokens that make up P.")
    private @Nullable Double topP;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed, the same answer, where the backend can.")
    private @Nullable Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End the answer before this text; may be repeated.")
    private List<String> stop = List.of();

    RunCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException, IOException {
        Console console = dormouse.console();
        boolean chat = prompt.isEmpty();
        if (chat && !(console.terminal().in() && console.terminal().out())) {
            throw Failure.usage("a PROMPT is missing: give one, or - to read it from standard input");
        }
        String question = chat ? "" : prompt.equals(List.of("-")) ? standardInput() : String.join(" ", prompt);
        try (Client client = dormouse.connect()) {
            Answer answer = new Answer(dormouse, client);
            if (chat) {
                new ChatLoop(dormouse, answer, request()).run();
            } else {
                answer.stream(request()
                        .addMessages(ChatMessage.newBuilder().setRole("user").setContent(question))
                        .build());
            }
        }
        return ExitCode.DONE;
    }

    private ChatRequest.Builder request() {
        ChatRequest.Builder request = ChatRequest.newBuilder().setLlm(name).addAllStop(stop);
        if (system != null) {
            request.addMessages(ChatMessage.newBuilder().setRole("system").setContent(system));
        }
        if (maxTokens != null) {
            request.setMaxTokens(maxTokens);
        }
        if (temperature != null) {
            request.setTemperature(temperature);
        }
        if (topP != null) {
            request.setTopP(topP);
        }
        if (seed != null) {
            request.setSeed(seed);
        }
        return request;
    }

    private String standardInput() throws IOException {
        byte[] bytes = dormouse.console().in().readNBytes(PROMPT_BYTES + 1);
        if (bytes.length > PROMPT_BYTES) {
            throw Failure.usage("the prompt on standard input is larger than " + (PROMPT_BYTES >> 20) + " MiB");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
