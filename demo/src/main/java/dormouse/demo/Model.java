package dormouse.demo;

import java.io.IOException;

/** What answers a prompt inside the {@link ModelServer}. Called by several threads at once. */
interface Model {
    /** As {@code /v1/models} lists it. */
    String id();

    /**
     * Hands over the answer piece by piece, from the calling thread.
     *
     * @throws IOException where the sink threw it: whoever asked is gone, and the model stops
     */
    Ending answer(ChatPrompt prompt, Sink sink) throws IOException;

    /** Takes the pieces of an answer. */
    interface Sink {
        void piece(String text) throws IOException;
    }

    /**
     * How an answer ended.
     *
     * @param finishReason OpenAI's word: {@code stop}, or {@code length} where {@code max_tokens} ended it
     */
    record Ending(int promptTokens, int completionTokens, String finishReason) {}
}
