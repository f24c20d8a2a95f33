package dormouse.demo;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the other programs' jars, from where this one lies: beside it, or in their modules of a checkout. */
final class Jars {
    private final Path here;

    /** @param here the folder of this program's jar, for instance {@code demo/target} */
    Jars(Path here) {
        this.here = here;
    }

    static Jars besideThis() {
        // of dormouse-demo.jar, or of a folder of classes, which lies in target/ too
        return new Jars(ownLocation().resolve("..").normalize());
    }

    Path of(String module) {
        String jar = "dormouse-" + module + ".jar";
        List<Path> places = List.of(
                here.resolve(jar),
                here.resolve("../..")
                        .resolve(module)
                        .resolve("target")
                        .resolve(jar)
                        .normalize());
        return places.stream()
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new DemoException(jar + " is neither " + places.get(0) + " nor " + places.get(1)
                        + "; build it first: mvn -DskipTests package"));
    }

    /** The command that runs this program again. */
    static List<String> thisProgram() {
        return ownLocation().toString().endsWith(".jar")
                ? List.of("-jar", ownLocation().toString())
                : List.of("-cp", System.getProperty("java.class.path", ""), Main.class.getName());
    }

    static String java() {
        return Path.of(System.getProperty("java.home", ""), "bin", "java").toString();
    }

    private static Path ownLocation() {
        try {
            return Path.of(Main.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
