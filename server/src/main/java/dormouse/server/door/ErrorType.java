package dormouse.server.door;

/** The coarse kinds of errors, as OpenAI's clients and as Anthropic's know them. */
enum ErrorType {
    INVALID("invalid_request_error", "invalid_request_error"),
    UNAUTHENTICATED("authentication_error", "authentication_error"),
    FORBIDDEN("permission_error", "permission_error"),
    NOT_FOUND("invalid_request_error", "not_found_error"),
    TOO_LARGE("invalid_request_error", "request_too_large"),
    TOO_MANY("rate_limit_error", "rate_limit_error"),
    INTERNAL("server_error", "api_error"),
    UNAVAILABLE("server_error", "overloaded_error"),
    TOO_LATE("server_error", "timeout_error");

    private final String openai;
    private final String anthropic;

    ErrorType(String openai, String anthropic) {
        this.openai = openai;
        this.anthropic = anthropic;
    }

    String openai() {
        return openai;
    }

    String anthropic() {
        return anthropic;
    }
}
