package dormouse.agent;

import java.net.URI;

/** The kind of a backend: what decides how it is asked whether it answers, never by an inference. */
public enum BackendType {
    /** Any server with OpenAI's paths. */
    OPENAI("openai"),
    OLLAMA("ollama"),
    LLAMA_CPP("llama.cpp"),
    LMSTUDIO("lmstudio"),
    VLLM("vllm");

    private final String word;

    BackendType(String word) {
        this.word = word;
    }

    /** As it is written in files and on the wire. */
    @Override
    public String toString() {
        return word;
    }

    /** Where the paths of a backend's own begin: before the {@code /v1} of its OpenAI's paths. */
    static URI root(URI url) {
        String text = url.toString();
        return text.endsWith("/v1") ? URI.create(text.substring(0, text.length() - 3)) : url;
    }
}
