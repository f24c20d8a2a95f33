package dormouse.demo;

import java.util.ArrayList;
import java.util.List;

/** What to try next, as commands that can be pasted. */
final class HowTo {
    private HowTo() {}

    static List<String> afterwards(ModelChoice choice) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "    ./dormouse demo --stay   leaves all this up, to be called from the command line or any gRPC stub");
        if (choice instanceof ModelChoice.Story) {
            lines.add("    ./dormouse demo --real   the same with a real language model (93 MB, fetched once)");
        }
        return lines;
    }

    static List<String> calls(Ports ports, ModelChoice choice) {
        String name = choice.name();
        String message = "\"messages\":[{\"role\":\"user\",\"content\":\"Who are you?\"}]";
        List<String> lines = new ArrayList<>();
        lines.add("");
        lines.add("    ./dormouse list --server " + ports.grpc());
        lines.add("    ./dormouse run " + name + " \"Who are you?\" --server " + ports.grpc());
        lines.add("    ./dormouse describe " + name + " --server " + ports.grpc());
        lines.add("    grpcurl -plaintext -d '{\"llm\":\"" + name + "\"," + message + "}' " + ports.grpc()
                + " dormouse.v1.InferenceService/Chat");
        if (ports.http() != null) {
            lines.add("    curl -N http://" + ports.http()
                    + "/v1/chat/completions -H 'content-type: application/json' -d '{" + "\"model\":\"" + name
                    + "\",\"stream\":true," + message + "}'");
        }
        lines.add("");
        lines.add("    Ctrl-C ends it.");
        return lines;
    }
}
