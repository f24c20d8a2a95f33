package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.settings.Settings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleFileTest {
    @Test
    void the_example_of_a_servers_file_says_what_the_defaults_are() {
        Settings example = Settings.read(Path.of("../examples/server.yaml"), Map.of());
        assertThat(ServerConfig.of(example)).isEqualTo(ServerConfig.of(Settings.empty("defaults")));
    }
}
