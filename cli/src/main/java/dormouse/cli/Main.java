package dormouse.cli;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Random;
import java.util.logging.LogManager;

/** The program {@code dormouse}, save for {@code server}, {@code agent} and {@code demo}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        LogManager.getLogManager().reset(); // what the transport logs, the error line says better
        Console console = new Console(
                System.getenv(),
                // A bare file stream looks for its end by seeking, which a pipe does not do.
                new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
                new Output(new FileOutputStream(FileDescriptor.out)),
                new Output(new FileOutputStream(FileDescriptor.err)),
                Terminal.of(
                        System.getProperty("dormouse.terminal", ""),
                        System.getProperty("dormouse.size", ""),
                        System.getenv()),
                InstantSource.system(),
                pause -> Thread.sleep(pause.toMillis()),
                new Random());
        Program program = new Program(console);
        Thread hook = new Thread(
                () -> {
                    try {
                        program.interrupt();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        int code = program.run(args);
        removeQuietly(hook);
        if (code != ExitCode.DONE) {
            markArchive();
        }
        System.exit(code);
    }

    /** Tells the launcher that the class archive which this run writes at its exit lacks what it did not come to. */
    private static void markArchive() {
        String archive = System.getProperty("dormouse.archive");
        if (archive != null) {
            try {
                Files.createFile(Path.of(archive + ".poor"));
            } catch (IOException e) {
                // then start-up stays a little slower
            }
        }
    }

    private static void removeQuietly(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // a signal was first: the program ends with the signal's code
        }
    }
}
