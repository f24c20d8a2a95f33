package dormouse.cli;

import dormouse.v1.CreateLlmRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmSpec;
import io.grpc.StatusException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dormouse create NAME}. */
@Command(
        name = "create",
        description = {
            "Declares a PUBLIC Llm: the server itself serves it, from a backend that it reaches.",
            "The backend's key stays on the server, in a variable or a file, and is never sent."
        })
final class CreateCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    @Parameters(paramLabel = "NAME", description = "What clients call it by.", completionCandidates = NotThereYet.class)
    private String name = "";

    @Option(
            names = "--url",
            paramLabel = "URL",
            required = true,
            description = "The backend's base URL as the server reaches it, for instance https://api.example.com/v1.")
    private String url = "";

    @Option(names = "--model", paramLabel = "MODEL", description = "The backend's own name for it (default: NAME).")
    private String model = "";

    @ArgGroup
    private @Nullable Key key;

    @Option(names = "--type", paramLabel = "TYPE", description = "Of the backend: ${COMPLETION-CANDIDATES}.")
    private @Nullable Type type;

    @Option(names = "--pool", paramLabel = "POOL", description = "A name that it answers to together with others.")
    private String pool = "";

    @Option(names = "--concurrency", paramLabel = "N", description = "Tasks at a time, 1-1024 (default: 4).")
    private @Nullable Integer concurrency;

    @Option(names = "--label", paramLabel = "KEY=VALUE", description = "For people and programs. May be repeated.")
    private List<String> labels = new ArrayList<>();

    /** Where the server finds the backend's key: at most one of them. */
    static final class Key {
        @Option(
                names = "--key-env",
                paramLabel = "VARIABLE",
                description = "The server's environment variable that holds the backend's key: DORMOUSE_KEY_…")
        private String env = "";

        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                description =
                        "The file on the server that holds it, by its absolute path; below the server's auth.keyDir, where that is set.")
        private String file = "";
    }

    private enum Type {
        OPENAI("openai"),
        OLLAMA("ollama"),
        LLAMA_CPP("llama.cpp"),
        LMSTUDIO("lmstudio"),
        VLLM("vllm");

        private final String word;

        Type(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /** A name that is not there yet can't be completed. */
    static final class NotThereYet extends ArrayList<String> {
        private static final long serialVersionUID = 1;
    }

    CreateCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    @Override
    public Integer call() throws StatusException, InterruptedException {
        CreateLlmRequest request = request();
        try (Client client = dormouse.connect()) {
            Progress progress = dormouse.progress(client);
            Llm llm = client.await(client.llms().createLlm(request), progress::waiting);
            progress.done();
            dormouse.console().tell("created " + Printable.line(llm.getSpec().getName()));
        }
        return ExitCode.DONE;
    }

    private CreateLlmRequest request() {
        LlmSpec.Builder spec =
                LlmSpec.newBuilder().setName(name).setModel(model).setPool(pool).putAllLabels(labels());
        if (type != null) {
            spec.setType(type.toString());
        }
        if (concurrency != null) {
            if (concurrency < 1 || concurrency > 1024) {
                throw Failure.usage("--concurrency: " + concurrency + " is not 1-1024");
            }
            spec.setConcurrency(concurrency);
        }
        CreateLlmRequest.Builder request =
                CreateLlmRequest.newBuilder().setSpec(spec).setUrl(url);
        if (key != null) {
            // Who pastes the key itself here keeps it: it is neither sent nor shown.
            if (!key.env.isEmpty() && !key.env.matches("DORMOUSE_KEY_[A-Za-z0-9_]+")) {
                throw Failure.usage("--key-env names a variable of the server's environment, DORMOUSE_KEY_ and then"
                        + " letters, digits and _; the key itself is never given");
            }
            if (!key.file.isEmpty() && !key.file.matches("/.+|[A-Za-z]:\\\\.+")) {
                throw Failure.usage("--key-file names a file on the server by its absolute path; the key itself is"
                        + " never given");
            }
            request.setKeyEnv(key.env).setKeyFile(key.file);
        }
        return request.build();
    }

    private Map<String, String> labels() {
        Map<String, String> found = new LinkedHashMap<>();
        for (String label : labels) {
            List<String> sides = Arrays.asList(label.split("=", 2));
            if (sides.size() < 2 || sides.get(0).isEmpty()) {
                throw Failure.usage("--label: \"" + Printable.line(label) + "\" is not KEY=VALUE");
            }
            found.put(sides.get(0), sides.get(1));
        }
        return found;
    }
}
