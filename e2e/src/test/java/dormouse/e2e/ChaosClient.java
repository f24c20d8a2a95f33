package dormouse.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One application of a chaos run: asks, reads its answer at its own pace, sometimes leaves, and checks each answer: whole,
 * or up to some event right and then ended with a reason that has a name, or refused with one. A connection that breaks
 * is a fault, unless the server's own process was ended meanwhile.
 */
final class ChaosClient implements Runnable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Pattern CODE = Pattern.compile("\"code\":\"([a-z_]+)\"");
    private static final Set<String> REASONS = Set.of(
            "agent_lost",
            "backend_failed",
            "llm_inactive",
            "wake_failed",
            "wake_timeout",
            "queue_full",
            "queue_timeout",
            "replica_draining",
            "store_unavailable",
            "overloaded",
            "first_byte_timeout",
            "idle_timeout",
            "client_too_slow",
            "deadline");

    private final String name;
    private final String server;
    private final List<String> llms;
    private final Random random;
    private final ChaosHistory history;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    ChaosClient(String name, String server, List<String> llms, Random random, ChaosHistory history) {
        this.name = name;
        this.server = server;
        this.llms = llms;
        this.random = random;
        this.history = history;
    }

    @Override
    public void run() {
        for (int i = 0; !history.over(); i++) {
            String id = name + "-" + i;
            String llm = llms.get(random.nextInt(llms.size()));
            int events = 1 + random.nextInt(120);
            long begun = System.nanoTime();
            String wrong;
            try {
                wrong = ask(id, llm, events);
            } catch (IOException e) {
                wrong = history.serverEndedSince(begun) ? "gone" : "the connection broke: " + e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            history.ended(id + " of " + llm + ", " + events + " events", wrong);
            LockSupport.parkNanos(
                    Duration.ofMillis(random.nextInt(wrong == null ? 50 : 300)).toNanos());
        }
    }

    /** Null where the answer was whole; the reason where it has one; else what was wrong. */
    private @Nullable String ask(String id, String llm, int events) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + "/v1/chat/completions"))
                .timeout(PATIENCE)
                .header("content-type", "application/json")
                .POST(BodyPublishers.ofString(ChaosAnswers.body(llm, id, events, random.nextInt(40))))
                .build();
        HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
        int leaveAfter = random.nextInt(8) == 0 ? random.nextInt(20_000) : Integer.MAX_VALUE;
        boolean slow = random.nextInt(10) == 0;
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (InputStream body = response.body()) {
            byte[] piece = new byte[4096];
            for (int length = body.read(piece); length >= 0; length = body.read(piece)) {
                read.write(piece, 0, length);
                if (read.size() > leaveAfter) {
                    return "left";
                }
                if (slow) {
                    LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
                }
            }
        }
        String text = read.toString(StandardCharsets.UTF_8);
        return response.statusCode() == 200 ? check(text, id, events) : refusal(response.statusCode(), text);
    }

    private static String refusal(int status, String text) {
        Matcher code = CODE.matcher(text);
        return status >= 429 && code.find() && REASONS.contains(code.group(1))
                ? code.group(1)
                : "status " + status + ": " + text;
    }

    private static @Nullable String check(String text, String id, int events) {
        String rest = text;
        while (rest.startsWith(":")) { // comments while it waits
            int end = rest.indexOf("\n\n");
            if (end < 0) {
                return "a comment without an end: " + rest;
            }
            rest = rest.substring(end + 2);
        }
        int number = 0;
        while (number < events && rest.startsWith(ChaosAnswers.event(id, number))) {
            rest = rest.substring(ChaosAnswers.event(id, number++).length());
        }
        if (number == events && rest.equals("data: [DONE]\n\n")) {
            return null;
        }
        int error = rest.indexOf("data: {\"error\":");
        if (error < 0) {
            return "after " + number + " events it ends, or goes on, with: " + shortened(rest);
        }
        // An event that had begun is ended by an empty line.
        String half = rest.substring(0, error).stripTrailing();
        String next = number < events ? ChaosAnswers.event(id, number) : "data: [DONE]\n\n";
        if (!next.startsWith(half)) {
            return "after " + number + " events comes " + shortened(half);
        }
        Matcher code = CODE.matcher(rest.substring(error));
        return code.find() && REASONS.contains(code.group(1))
                ? code.group(1)
                : "an error without a reason: " + shortened(rest.substring(error));
    }

    private static String shortened(String text) {
        return text.length() <= 300 ? text : text.substring(0, 300) + "… (" + text.length() + ")";
    }

    /** Whether what an ask came to is right for a server that keeps its promises. */
    static boolean right(@Nullable String outcome) {
        return outcome == null || outcome.equals("left") || outcome.equals("gone") || REASONS.contains(outcome);
    }
}
