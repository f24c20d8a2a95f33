package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.Usage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UsageSnifferTest {
    private static @Nullable Usage usage(String... pieces) {
        UsageSniffer sniffer = new UsageSniffer();
        for (String piece : pieces) {
            sniffer.see(ByteString.copyFromUtf8(piece));
        }
        return sniffer.usage();
    }

    private static Usage counts(long prompt, long completion) {
        return Usage.newBuilder()
                .setPromptTokens(prompt)
                .setCompletionTokens(completion)
                .build();
    }

    @Test
    void reads_openais_whole_answer() {
        assertThat(usage("{\"choices\":[],\"usage\": {\"prompt_tokens\":12,\"completion_tokens\":34,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":1},\"total_tokens\":46}}"))
                .isEqualTo(counts(12, 34));
    }

    @Test
    void reads_the_last_of_a_stream_however_it_is_cut() {
        String noise = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":null}\n\n".repeat(2000);
        String last =
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2000}}\n\ndata: [DONE]\n\n";
        String stream = noise + last;
        for (int size : new int[] {1, 7, 1000, 16_384, 1 << 20}) {
            String[] pieces = new String[(stream.length() + size - 1) / size];
            for (int i = 0; i < pieces.length; i++) {
                pieces[i] = stream.substring(i * size, Math.min(stream.length(), (i + 1) * size));
            }
            assertThat(usage(pieces)).isEqualTo(counts(5, 2000));
        }
    }

    @Test
    void reads_anthropics_beginning_and_end() {
        assertThat(usage(
                        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n",
                        "data: {\"type\":\"ping\"}\n\n".repeat(5000),
                        "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n"))
                .isEqualTo(counts(25, 15));
    }

    @Test
    void a_quoted_usage_is_no_usage() {
        assertThat(usage("{\"content\":\"\\\"usage\\\":{\\\"prompt_tokens\\\":1}\"}"))
                .isNull();
        assertThat(usage("plain text")).isNull();
        assertThat(usage()).isNull();
        assertThat(usage("\"usage\"")).isNull();
        assertThat(usage("\"usage\":{\"prompt_tokens\":")).isNull();
    }
}
