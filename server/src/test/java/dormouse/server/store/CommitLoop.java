package dormouse.server.store;

import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;

import dormouse.server.fleet.LlmEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A process that registers one Llm after the other and says so on standard output, until it is killed. */
final class CommitLoop {
    private CommitLoop() {}

    public static void main(String[] args) throws InterruptedException {
        try (Database database = Engine.H2_FILE.open(args[0])) {
            database.migrate();
            String run = args[1];
            for (int i = 0; ; i++) {
                for (LlmEvent event :
                        events(database.llms(), register(llm(run + "/" + i)), register(llm(run + "." + i)))) {
                    System.out.println(event.revision() + " " + event.llm().name());
                }
                System.out.flush();
                TimeUnit.MILLISECONDS.sleep(Long.parseLong(args[2]));
            }
        }
    }

    static Process start(String url, String run, long pauseMillis) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new ProcessBuilder(
                        java.toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CommitLoop.class.getName(),
                        url,
                        run,
                        Long.toString(pauseMillis))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
