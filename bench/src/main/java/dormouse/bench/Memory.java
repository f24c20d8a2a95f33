package dormouse.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a JVM on this machine takes: what is resident of it, from {@code /proc}, and how much of its heap is used right
 * after a full collection, from {@code jcmd}. In MiB; NaN where it can't be known (no Linux, no JDK).
 */
public record Memory(double residentMib, double mostResidentMib, double liveHeapMib) {
    private static final Pattern USED = Pattern.compile("(?:total .*?used|heap .*?used) (\\d+)K");

    public static Memory of(long pid) {
        String heap = jcmd(pid, "GC.run").isEmpty() ? "" : jcmd(pid, "GC.heap_info");
        return new Memory(status(pid, "VmRSS"), status(pid, "VmHWM"), used(heap));
    }

    /** Of all the spaces that the collector lists, without what is no heap. */
    static double used(String heapInfo) {
        double kib = 0;
        boolean any = false;
        for (String line : heapInfo.split("\n")) {
            Matcher used = USED.matcher(line);
            if (!line.contains("Metaspace") && !line.contains("class space") && used.find()) {
                kib += Long.parseLong(used.group(1));
                any = true;
            }
        }
        return any ? kib / 1024 : Double.NaN;
    }

    private static double status(long pid, String key) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith(key + ":"))
                    .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private static String jcmd(long pid, String command) {
        try {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(pid),
                            command)
                    .redirectErrorStream(true)
                    .start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? out : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public String toString() {
        return String.format(
                "resident %.0f MiB (at most %.0f), live heap %.0f MiB", residentMib, mostResidentMib, liveHeapMib);
    }
}
