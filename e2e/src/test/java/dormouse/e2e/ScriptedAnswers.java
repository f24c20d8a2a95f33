package dormouse.e2e;

import java.util.List;

/** The answers of {@link ScriptedModel}, word for word as OpenAI's and Anthropic's servers shape theirs. */
final class ScriptedAnswers {
    private static final String ARGUMENTS = ScriptedModel.TOOL_ARGUMENTS.replace("\"", "\\\"");
    private static final String USAGE = "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12}";

    static final String TOOL_CHAT = chat(
            "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\","
                    + "\"function\":{\"name\":\"weather\",\"arguments\":\"" + ARGUMENTS + "\"}}]}",
            "tool_calls");
    static final String MESSAGE =
            message("[{\"type\":\"text\",\"text\":\"" + ScriptedModel.TEXT + "\"}]", "\"end_turn\"");
    static final String TOOL_MESSAGE = message(
            "[{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"weather\",\"input\":" + ScriptedModel.TOOL_ARGUMENTS
                    + "}]",
            "\"tool_use\"");
    static final String TOOL_EVENTS = event("message_start", "\"message\":" + message("[]", "null"))
            + event(
                    "content_block_start",
                    "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"weather\",\"input\":{}}")
            + event(
                    "content_block_delta",
                    "\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\\\"Pir\"}")
            + event(
                    "content_block_delta",
                    "\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"na\\\",\\\"days\\\":3}\"}")
            + event("content_block_stop", "\"index\":0")
            + end("tool_use");

    private ScriptedAnswers() {}

    static String chat(List<String> words) {
        String text = String.join("", words).replace("\"", "\\\"");
        return chat("{\"role\":\"assistant\",\"content\":\"" + text + "\"}", "stop");
    }

    private static String chat(String message, String reason) {
        return "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1764547200,\"model\":\""
                + ScriptedModel.MODEL + "\",\"choices\":[{\"index\":0,\"message\":" + message
                + ",\"logprobs\":null,\"finish_reason\":\"" + reason + "\"}],\"usage\":" + USAGE + "}";
    }

    static String frames(List<String> words, boolean usage) {
        StringBuilder frames = new StringBuilder();
        String role = "\"role\":\"assistant\",";
        for (String word : words) {
            String delta = "{" + role + "\"content\":\"" + word.replace("\"", "\\\"") + "\"}";
            frames.append(frame(choice(delta, "null"), "null"));
            role = "";
        }
        frames.append(frame(choice("{}", "\"stop\""), "null"));
        if (usage) {
            frames.append(frame("", USAGE));
        }
        return frames + "data: [DONE]\n\n";
    }

    static String toolFrames() {
        String call = "\"tool_calls\":[{\"index\":0,";
        return frame(
                        choice(
                                "{\"role\":\"assistant\",\"content\":null,"
                                        + call
                                        + "\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}]}",
                                "null"),
                        "null")
                + frame(
                        choice(
                                "{" + call + "\"function\":{\"arguments\":\"" + ARGUMENTS.substring(0, 9) + "\"}}]}",
                                "null"),
                        "null")
                + frame(
                        choice(
                                "{" + call + "\"function\":{\"arguments\":\"" + ARGUMENTS.substring(9) + "\"}}]}",
                                "null"),
                        "null")
                + frame(choice("{}", "\"tool_calls\""), "null")
                + "data: [DONE]\n\n";
    }

    private static String choice(String delta, String reason) {
        return "{\"index\":0,\"delta\":" + delta + ",\"logprobs\":null,\"finish_reason\":" + reason + "}";
    }

    private static String frame(String choice, String usage) {
        return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1764547200,\"model\":\""
                + ScriptedModel.MODEL + "\",\"choices\":[" + choice + "],\"usage\":" + usage + "}\n\n";
    }

    private static String message(String content, String reason) {
        return "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"" + ScriptedModel.MODEL
                + "\",\"content\":" + content + ",\"stop_reason\":" + reason
                + ",\"stop_sequence\":null,\"usage\":{\"input_tokens\":7,\"output_tokens\":5}}";
    }

    static String events() {
        StringBuilder events = new StringBuilder(event("message_start", "\"message\":" + message("[]", "null")));
        events.append(event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"));
        ScriptedModel.WORDS.forEach(word -> events.append(event(
                "content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + word + "\"}")));
        return events + event("content_block_stop", "\"index\":0") + end("end_turn");
    }

    private static String end(String reason) {
        return event(
                        "message_delta",
                        "\"delta\":{\"stop_reason\":\"" + reason
                                + "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":5}")
                + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    }

    private static String event(String type, String rest) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + rest + "}\n\n";
    }

    static String response(String status) {
        return "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1764547200,\"status\":\"" + status
                + "\",\"model\":\"" + ScriptedModel.MODEL
                + "\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"" + status
                + "\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"" + ScriptedModel.TEXT
                + "\",\"annotations\":[]}]}],\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[],"
                + "\"usage\":{\"input_tokens\":7,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":5,"
                + "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":12}}";
    }

    static String responseEvents() {
        StringBuilder events = new StringBuilder(
                event("response.created", "\"sequence_number\":0,\"response\":" + response("in_progress")));
        int number = 1;
        for (String word : ScriptedModel.WORDS) {
            events.append(event(
                    "response.output_text.delta",
                    "\"sequence_number\":" + number++
                            + ",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"logprobs\":[],\"delta\":\""
                            + word + "\""));
        }
        return events
                + event(
                        "response.completed",
                        "\"sequence_number\":" + number + ",\"response\":" + response("completed"));
    }
}
