package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import dormouse.v1.LlmOffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Prometheus gets to see, and that {@code docs/metrics.md} says so. */
class MetricsTest {
    private static final Pattern ROW =
            Pattern.compile("\\| `(dormouse_\\w+)` \\| (\\w+) \\|([^|]*)\\|([^|]*)\\| (.*) \\|");
    private static final Pattern HELP = Pattern.compile("# HELP (\\S+) (.*)");
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (.*)");

    private Harness server = Harness.withDoor();

    @AfterEach
    void close() {
        server.close();
    }

    private void startPerLlm() {
        server.close();
        server = Harness.withDoor("metrics.perLlm=true");
    }

    private WireClient.Answer scrape(String... headers) {
        try (WireClient client = WireClient.connect(server.server().httpAddress())) {
            client.send("GET /metrics HTTP/1.1\r\nhost: x\r\n" + String.join("", headers) + "\r\n");
            return client.answer();
        }
    }

    /** Each line by what stands before its value. */
    private Map<String, Double> values() {
        Map<String, Double> values = new TreeMap<>();
        for (String line : scrape().text().split("\n")) {
            if (!line.startsWith("#")) {
                int blank = line.lastIndexOf(' ');
                values.put(line.substring(0, blank), Double.valueOf(line.substring(blank + 1)));
            }
        }
        return values;
    }

    @Test
    void theDocumentListsWhatIsScrapedWithItsKindAndMeaning() throws IOException {
        server.agent("ana").register(awake("a")); // the store has been asked by now
        String text = scrape().text();
        Map<String, String> documented = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("../docs/metrics.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                documented.put(row.group(1), row.group(2) + ": " + row.group(5));
            }
        }

        Map<String, String> kinds = new TreeMap<>();
        TYPE.matcher(text).results().forEach(type -> kinds.put(type.group(1), type.group(2)));
        Map<String, String> scraped = new TreeMap<>();
        HELP.matcher(text)
                .results()
                .filter(help -> !help.group(1).matches("(jvm|process)_.*"))
                .forEach(help -> scraped.put(help.group(1), kinds.get(help.group(1)) + ": " + help.group(2)));

        assertThat(scraped).hasSize(13).isEqualTo(documented);
        assertThat(kinds).containsKeys("jvm_memory_used_bytes", "jvm_threads_current", "process_cpu_seconds_total");
    }

    @Test
    void theLineOfAPoolIsCountedUnderItsName() {
        startPerLlm();
        ScriptedAgent ana = server.agent("ana");
        ana.register(PoolTest.member("a", 1, true));
        server.infer("shared");
        server.infer("shared");
        server.infer("a");
        assertThat(values())
                .containsEntry("dormouse_tasks_active{llm=\"a\"}", 1.0)
                .containsEntry("dormouse_tasks_queued{llm=\"a\"}", 1.0)
                .containsEntry("dormouse_tasks_queued{llm=\"shared\"}", 1.0);
        ana.goodbye();
        server.time().jump(Duration.ofHours(5));
        assertThat(values().keySet()).noneMatch(key -> key.contains("llm=\"shared\""));
    }

    @Test
    void aTaskIsCountedByItsOutcomeWithItsPhasesAndBytes() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(awake("a"));
        assertThat(values()).containsEntry("dormouse_tasks_total{outcome=\"ok\"}", 0.0);
        server.infer("a");
        server.infer("a").cancel();
        server.infer("nobody");
        assertThat(values()).containsEntry("dormouse_tasks_active", 2.0); // the slot of who left is still the agent's
        server.advance(Duration.ofSeconds(3));

        Infer task = ana.infers().get(0);
        ana.answer(task, "12345");
        Map<String, Double> values = values();

        assertThat(values)
                .containsEntry("dormouse_tasks_total{outcome=\"ok\"}", 1.0)
                .containsEntry("dormouse_tasks_total{outcome=\"client_gone\"}", 1.0)
                .containsEntry("dormouse_tasks_total{outcome=\"llm_not_found\"}", 1.0)
                .containsEntry("dormouse_relayed_bytes_total", 5.0)
                .containsEntry("dormouse_task_phase_seconds_count{phase=\"total\"}", 3.0)
                .containsEntry("dormouse_task_phase_seconds_count{phase=\"queue\"}", 1.0)
                .containsEntry("dormouse_task_phase_seconds_sum{phase=\"first_byte\"}", 3.0)
                .containsEntry("dormouse_task_phase_seconds_bucket{phase=\"first_byte\",le=\"2.5\"}", 0.0)
                .containsEntry("dormouse_task_phase_seconds_bucket{phase=\"first_byte\",le=\"5.0\"}", 1.0)
                .containsEntry("dormouse_task_phase_seconds_count{phase=\"wake\"}", 0.0);
    }

    @Test
    void wakesAreCountedByHowTheyEndOnceEach() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(asleep("good"), asleep("bad"), asleep("silent"), asleep("lost"));
        server.infer("good");
        server.infer("good");
        server.infer("bad");
        server.infer("silent");
        server.advance(Duration.ofSeconds(7));
        ana.awake(ana.wakes().get(0));
        ana.wakeFails(ana.wakes().get(1), "no power");
        server.advance(Duration.ofSeconds(80));
        server.infer("lost");
        ana.cut();
        server.advance(Duration.ofSeconds(10));

        assertThat(values())
                .containsEntry("dormouse_wakes_total{outcome=\"ok\"}", 1.0)
                .containsEntry("dormouse_wakes_total{outcome=\"wake_failed\"}", 1.0)
                .containsEntry("dormouse_wakes_total{outcome=\"wake_timeout\"}", 1.0)
                .containsEntry("dormouse_wakes_total{outcome=\"agent_lost\"}", 1.0)
                .containsEntry("dormouse_wake_seconds_count", 1.0)
                .containsEntry("dormouse_wake_seconds_sum", 7.0)
                .containsEntry("dormouse_wakes_total{outcome=\"ok\"}", 1.0);
    }

    @Test
    void whatIsThereIsReadWhenSomebodyLooks() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(awake("a"), asleep("b"), asleep("c"));
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("d"));
        bob.goodbye();
        for (int i = 0; i < 6; i++) {
            server.infer("a");
        }

        assertThat(values())
                .containsEntry("dormouse_llms{kind=\"virtual\",status=\"active\"}", 1.0)
                .containsEntry("dormouse_llms{kind=\"virtual\",status=\"hibernating\"}", 2.0)
                .containsEntry("dormouse_llms{kind=\"virtual\",status=\"inactive\"}", 1.0)
                .containsEntry("dormouse_llms{kind=\"public\",status=\"active\"}", 0.0)
                .containsEntry("dormouse_agents{state=\"connected\"}", 1.0)
                .containsEntry("dormouse_agents{state=\"leaving\"}", 1.0)
                .containsEntry("dormouse_tasks_active", 4.0)
                .containsEntry("dormouse_tasks_queued", 2.0)
                .containsEntry("dormouse_reconnects_total", 0.0);
        ana.cut();
        server.reconnect(ana).register(awake("a"));
        assertThat(values()).containsEntry("dormouse_reconnects_total", 1.0);
    }

    @Test
    void aWindowThatIsUsedUpIsAStallAndAReaderWhoKeepsUpCausesNone() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(awake("a"));
        ByteString piece = ByteString.copyFrom(new byte[16 << 10]);
        server.infer("a");
        Infer quick = ana.infers().get(0);
        ana.head(quick, 200, "text/plain");
        for (int i = 0; i < 20; i++) {
            ana.chunk(quick, (long) i * piece.size(), piece);
        }
        assertThat(values()).containsEntry("dormouse_window_stalls_total", 0.0);
        server.slowInfer("a", 1);
        Infer slow = ana.infers().get(1);
        ana.head(slow, 200, "text/plain");

        for (int i = 0; i < 4; i++) {
            ana.chunk(slow, (long) i * piece.size(), piece);
        }

        assertThat(values()).containsEntry("dormouse_window_stalls_total", 1.0);
    }

    @Test
    void theStoreIsMeasuredByWhatItIsAsked() {
        server.agent("ana").register(awake("a"));

        Map<String, Double> values = values();

        assertThat(values)
                .containsEntry("dormouse_store_seconds_count{operation=\"commit\"}", 1.0)
                .containsEntry("dormouse_store_seconds_count{operation=\"load_llms\"}", 1.0)
                .containsEntry("dormouse_store_seconds_count{operation=\"create_session\"}", 1.0);
    }

    @Test
    void llmsAreToldApartOnlyWhereThatIsAskedForAndNeverByAWordOfAClient() {
        startPerLlm();
        ScriptedAgent ana = server.agent("ana");
        ana.register(awake("a"));
        server.infer("a");
        ana.answer(ana.infers().get(0), "12345");
        server.infer("no-such-llm");

        Map<String, Double> values = values();

        assertThat(values)
                .containsEntry("dormouse_tasks_total{llm=\"a\",outcome=\"ok\"}", 1.0)
                .containsEntry("dormouse_tasks_total{llm=\"other\",outcome=\"llm_not_found\"}", 1.0)
                .containsEntry("dormouse_relayed_bytes_total{llm=\"a\"}", 5.0)
                .containsEntry("dormouse_tasks_active{llm=\"a\"}", 0.0);
        assertThat(values.keySet()).noneMatch(key -> key.contains("no-such-llm"));
    }

    @Test
    void theLabelsAreBoundedAndADeletedLlmTakesItsOwnWithIt() {
        startPerLlm();
        ScriptedAgent ana = server.agent("ana");
        ana.register(IntStream.range(0, 250)
                .mapToObj(i -> awake(String.format("n%03d", i)))
                .toArray(LlmOffer[]::new));
        assertThat(values().keySet().stream().filter(key -> key.startsWith("dormouse_tasks_active{")))
                .hasSize(201)
                .contains("dormouse_tasks_active{llm=\"other\"}");
        server.infer("n000");
        ana.answer(ana.infers().get(0), "x");
        assertThat(values()).containsKey("dormouse_tasks_total{llm=\"n000\",outcome=\"ok\"}");

        ana.goodbye();
        server.time().jump(Duration.ofHours(5));

        assertThat(values().keySet()).noneMatch(key -> key.contains("n000"));
    }

    @Test
    void aScraperOfOpenMetricsGetsItsFormat() {
        WireClient.Answer prometheus = scrape("accept: */*\r\n");
        WireClient.Answer open = scrape("accept: application/openmetrics-text; version=1.0.0,text/plain;q=0.1\r\n");

        assertThat(prometheus.status()).isEqualTo(200);
        assertThat(prometheus.head().header("content-type")).startsWith("text/plain");
        assertThat(open.head().header("content-type")).startsWith("application/openmetrics-text");
        assertThat(open.text()).endsWith("# EOF\n");
    }

    @Test
    void aDatabaseThatIsAwayDoesNotKeepAnybodyFromLooking() {
        server.stores().away();
        server.blocking().hold();

        assertThat(scrape().status()).isEqualTo(200);
    }
}
