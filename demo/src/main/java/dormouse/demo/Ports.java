package dormouse.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The addresses in a server's ports file, as HOST:PORT; a server without an HTTP door has no second one. */
record Ports(String grpc, @Nullable String http) {
    /** Empty while the file isn't there, or isn't whole. */
    static Optional<Ports> read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        String text = Files.readString(file);
        String grpc = null;
        String http = null;
        for (String line : text.lines().toList()) {
            if (line.startsWith("grpc=")) {
                grpc = line.substring("grpc=".length()).strip();
            } else if (line.startsWith("http=")) {
                http = line.substring("http=".length()).strip();
            }
        }
        return grpc == null || !text.endsWith("\n") ? Optional.empty() : Optional.of(new Ports(grpc, http));
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>(List.of("grpc=" + grpc));
        if (http != null) {
            lines.add("http=" + http);
        }
        return lines;
    }

    @Override
    public String toString() {
        return "gRPC at " + grpc + (http == null ? "" : ", HTTP at " + http);
    }
}
