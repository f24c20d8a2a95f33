package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Failure list 23: whatever bytes come, there is no crash, no hang and no memory without bound, and an error names its rule.
 * The short form: good inputs and some hundreds that are made of them, the same each time ({@code -Ddormouse.fuzz.seed=N} for
 * others, {@code -Ddormouse.fuzz.factor=N} for more). The long form is {@code e2e/fuzz}.
 */
class FuzzTest {
    private static final long SEED = Long.getLong("dormouse.fuzz.seed", 23);
    private static final int FACTOR = Integer.getInteger("dormouse.fuzz.factor", 1);

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    @Timeout(value = 10, unit = java.util.concurrent.TimeUnit.MINUTES)
    void whateverComesIsTakenOrRefused(FuzzTarget target) throws Exception {
        Method method = target.type.getMethod("fuzzerTestOneInput", byte[].class);
        for (byte[] seed : target.seeds) {
            run(target, method, seed);
        }
        FuzzInputs mutations = new FuzzInputs(target.seeds, target.words, SEED);
        for (int i = 0; i < target.inputs * FACTOR; i++) {
            run(target, method, mutations.next());
        }
    }

    private static void run(FuzzTarget target, Method method, byte[] input) throws IllegalAccessException {
        try {
            method.invoke(null, (Object) input);
        } catch (InvocationTargetException e) {
            throw new AssertionError(
                    target + " with the input (Base64) " + Base64.getEncoder().encodeToString(input), e.getCause());
        }
    }

    @ParameterizedTest
    @EnumSource(FuzzTarget.class)
    void theLongFormBeginsWithTheSameInputs(FuzzTarget target, @org.junit.jupiter.api.io.TempDir Path directory)
            throws Exception {
        FuzzTarget.main(
                new String[] {target.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'), directory.toString()
                });
        try (var files = Files.list(directory)) {
            assertThat(files.count()).isEqualTo(target.seeds.size());
        }
        assertThat(List.of(target.type.getMethods()))
                .anyMatch(method -> method.getName().equals("fuzzerTestOneInput"));
    }
}
