package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.settings.Settings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleFileTest {
    @Test
    void the_example_of_an_agents_file_is_accepted() {
        Settings example = Settings.read(Path.of("../examples/agent.yaml"), Map.of());
        AgentConfig config = AgentConfigReader.read(example, Path.of("/home/ana"));
        assertThat(config.llms())
                .extracting(LlmConfig::name)
                .containsExactly("qwen3-8b", "big", "gemma3", "coder", "attic");
        assertThat(config.stateDir()).isEqualTo(Path.of("/home/ana/.local/state/dormouse"));
    }
}
