package dormouse.bench;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code java -jar bench/target/dormouse-bench.jar [--quick] [NAME...]}: measures what is named, or everything. Prints to
 * standard output what it measures, against what, and the figures.
 */
public final class Main {
    private static final String USAGE =
            "usage: dormouse-bench [--quick] [memory|latency|throughput|tokens|streams]...\n"
                    + "  --quick  tiny counts: shows that it works, not how fast";

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        boolean quick = false;
        List<String> names = new ArrayList<>();
        for (String argument : arguments) {
            if (argument.equals("--quick")) {
                quick = true;
            } else if (Measures.ALL.containsKey(argument)) {
                names.add(argument);
            } else {
                System.err.println(argument + " is nothing that can be measured\n" + USAGE);
                System.exit(2);
            }
        }
        run(checkout(), quick, names.isEmpty() ? List.copyOf(Measures.ALL.keySet()) : names);
        System.exit(0);
    }

    /** The root of the checkout in which this jar, or these classes, were built. */
    private static Path checkout() throws URISyntaxException, IOException {
        Path place = Path.of(
                Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path target = place.getParent();
        if (target == null || target.getParent() == null || target.getParent().getParent() == null) {
            throw new IOException(place + " is not in a checkout");
        }
        return target.getParent().getParent();
    }

    static void run(Path root, boolean quick, List<String> names) throws Exception {
        System.out.printf(
                "%d processors, Java %s, %s; server and agent with %s; all on this machine%n",
                Runtime.getRuntime().availableProcessors(),
                Runtime.version().feature(),
                System.getProperty("os.name"),
                String.join(" ", Rig.JVM));
        if (quick) {
            System.out.println("quick: these figures are no measurements");
        }
        try (MockModel mock = MockModel.start();
                Rig rig = new Rig(root, mock.url(), Measures.LLMS)) {
            Measures measures = new Measures(mock, rig, quick);
            for (Map.Entry<String, Measures.Measure> each : Measures.ALL.entrySet()) {
                if (names.contains(each.getKey())) {
                    System.out.println();
                    each.getValue().run(measures);
                }
            }
        }
    }
}
