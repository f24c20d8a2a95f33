package dormouse.server.fleet;

/** Who stands behind an Llm. */
public enum LlmKind {
    /** Declared by the operator, served by the server itself. */
    PUBLIC,
    /** Published by an agent. */
    VIRTUAL
}
