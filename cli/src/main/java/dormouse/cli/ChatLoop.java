package dormouse.cli;

import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import io.grpc.StatusException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Questions and answers on a terminal; each question goes with all that was said before. */
final class ChatLoop {
    private final Dormouse dormouse;
    private final Answer answer;
    private final ChatRequest.Builder start;

    ChatLoop(Dormouse dormouse, Answer answer, ChatRequest.Builder start) {
        this.dormouse = dormouse;
        this.answer = answer;
        this.start = start;
    }

    /** Returns at {@code /bye} or the end of the input; a refused question is told and can be asked again. */
    void run() throws IOException, InterruptedException {
        Console console = dormouse.console();
        BufferedReader lines = new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8));
        ChatRequest.Builder chat = start.clone();
        console.tell("A chat with " + start.getLlm() + ". /bye or Ctrl-D ends it, /clear forgets what was said.");
        while (true) {
            console.out().print("> ").flush();
            String line = lines.readLine();
            if (line == null) {
                console.out().print("\n").flush();
                return;
            }
            switch (line.strip()) {
                case "" -> {}
                case "/bye", "/exit", "/quit" -> {
                    return;
                }
                case "/clear" -> chat = start.clone();
                default -> ask(chat, line);
            }
        }
    }

    private void ask(ChatRequest.Builder chat, String question) throws InterruptedException {
        ChatRequest asked = chat.clone().addMessages(message("user", question)).build();
        try {
            String said = answer.stream(asked);
            chat.addMessages(message("user", question)).addMessages(message("assistant", said));
        } catch (StatusException e) {
            if (dormouse.interrupted()) {
                return;
            }
            Connection connection = Objects.requireNonNull(dormouse.connection());
            dormouse.console().tell("dormouse: " + Refusal.of(e, connection).getMessage());
        }
    }

    private static ChatMessage message(String role, String content) {
        return ChatMessage.newBuilder().setRole(role).setContent(content).build();
    }
}
