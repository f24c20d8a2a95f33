package dormouse.server.fleet;

import org.jspecify.annotations.Nullable;

/** The fleet as far as it exists for one who looks at it. Any thread. */
public interface Vista {
    /** All of it. */
    Vista ALL = new Vista() {
        @Override
        public Llm seen(Llm llm) {
            return llm;
        }

        @Override
        public LlmEvent seen(LlmEvent event) {
            return event;
        }
    };

    /** The row as it exists for the one who looks; null where it does not. */
    @Nullable
    Llm seen(Llm llm);

    /** The same of what has happened to one. */
    @Nullable
    LlmEvent seen(LlmEvent event);
}
