package dormouse.bench;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That it runs, with counts so small that they measure nothing. */
@Tag("slow")
class BenchTest {
    @Test
    void everyMeasureRuns() throws Exception {
        Path root = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                .toAbsolutePath()
                .getParent();
        Main.run(root, true, List.copyOf(Measures.ALL.keySet()));
    }
}
