package dormouse.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dormouse.v1.AgentMessage;
import dormouse.v1.Heartbeat;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.WakeLlmRequest;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, with a real server and agent behind it. */
@Tag("slow")
class PageTest {
    private static final String ATTACK = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=2</script>";

    private static @Nullable PageBrowser browser;

    @TempDir
    Path directory;

    private ServerProcess server;
    private Page page;
    private final List<String> errors = new ArrayList<>();

    @BeforeAll
    static void open() {
        browser = PageBrowser.start();
        PlaywrightAssertions.setDefaultAssertionTimeout(ServerProcess.PATIENCE.toMillis());
    }

    @AfterAll
    static void shut() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void start() {
        server = ServerProcess.start(directory);
        page = look(1200, 800);
    }

    @AfterEach
    void stop() {
        page.context().close();
        server.close();
    }

    private Page look(int width, int height) {
        Page opened = browser.page(width, height);
        opened.onPageError(error -> errors.add(error));
        opened.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().contains("Failed to load resource")) {
                errors.add(message.text());
            }
        });
        opened.navigate(server.http() + "/");
        return opened;
    }

    private static Locator row(Page page, String name) {
        return page.getByRole(AriaRole.ROW)
                .filter(new Locator.FilterOptions()
                        .setHas(page.getByRole(AriaRole.ROWHEADER)
                                .filter(new Locator.FilterOptions().setHasText(name))));
    }

    private static void status(Page page, String name, String word) {
        assertThat(row(page, name).locator(".status")).hasText(word);
    }

    private static void connection(Page page, String text) {
        assertThat(page.getByRole(AriaRole.STATUS)).hasText(Pattern.compile(text));
    }

    @Test
    void an_Llm_appears_by_itself_wakes_before_ones_eyes_and_tells_its_story() {
        assertThat(page.getByText("No Llms yet")).isVisible();
        assertThat(page.getByText("dormouse agent --config agent.yaml")).isVisible();
        connection(page, "live");
        page.evaluate("window.sameDocument = true");
        try (FakeBackend backend = FakeBackend.asleep(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(
                        directory, "ana", server.address(), backend.wakeableLlm("lab/sleepy:8b", 4))) {
            status(page, "lab/sleepy:8b", "hibernating");
            assertThat(page.getByText("No Llms yet")).isHidden();
            assertThat(row(page, "lab/sleepy:8b")).containsText("ana");

            server.llms()
                    .wakeLlm(
                            WakeLlmRequest.newBuilder().setName("lab/sleepy:8b").build())
                    .forEachRemaining(progress -> {});
            status(page, "lab/sleepy:8b", "active");

            page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("lab/sleepy:8b"))
                    .press("Enter");
            Locator details = page.getByRole(AriaRole.DIALOG);
            assertThat(details).containsText("wake started");
            assertThat(details).containsText("woke");
            assertThat(details).containsText("curl " + server.http() + "/v1/chat/completions");
            assertThat(details).containsText("\"model\":\"lab/sleepy:8b\"");
            agent.program().terminate();
            assertThat(details).containsText("deactivated");
            assertThat(details.locator(".status")).hasText("inactive");
            page.keyboard().press("Escape");
            assertThat(details).isHidden();
            assertThat(page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("lab/sleepy:8b")))
                    .isFocused();
        }
        assertThat(page.evaluate("window.sameDocument")).isEqualTo(true);
        assertThat(errors).isEmpty();
    }

    @Test
    void what_an_agent_says_is_text_whatever_it_looks_like() {
        StreamObserver<AgentMessage> stream = server.agents().connect(new StreamObserver<>() {
            @Override
            public void onNext(ServerMessage message) {}

            @Override
            public void onError(Throwable t) {}

            @Override
            public void onCompleted() {}
        });
        stream.onNext(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .setAgentName(ATTACK)
                        .setInstanceId("i")
                        .addLlms(LlmOffer.newBuilder()
                                .setSpec(LlmSpec.newBuilder()
                                        .setName("sly")
                                        .setModel(ATTACK)
                                        .putLabels(ATTACK.substring(0, 40), ATTACK))
                                .setInitialStatus(LlmStatus.LLM_STATUS_ACTIVE)))
                .build());
        server.awaitStatus("sly", "ACTIVE");
        stream.onNext(AgentMessage.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder()
                        .setSeq(1)
                        .addReports(LlmReport.newBuilder()
                                .setName("sly")
                                .setStatus(LlmStatus.LLM_STATUS_INACTIVE)
                                .setReason(ATTACK)))
                .build());
        status(page, "sly", "inactive");

        row(page, "sly").click();

        assertThat(page.getByRole(AriaRole.DIALOG)).containsText(ATTACK);
        assertThat(page.locator("#llm-history")).containsText(ATTACK);
        assertThat(row(page, "sly")).containsText(ATTACK);
        assertThat(page.locator("main img, dialog img, main script, dialog script")
                        .count())
                .isZero();
        assertThat(page.evaluate("window.pwned")).isNull();
        assertThat(errors).isEmpty();
        stream.onCompleted();
    }

    @Test
    void a_lost_connection_is_shown_and_heals_when_the_server_is_back() throws InterruptedException {
        try (FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("steady", 4))) {
            status(page, "steady", "active");
            connection(page, "live");

            server.program().kill();
            connection(page, "connection lost");
            status(page, "steady", "active"); // as it was last seen, and it is said that this is old
            server.startAgain();

            connection(page, "live");
            server.awaitStatus("steady", "ACTIVE");
            status(page, "steady", "active");
            agent.program().terminate();
            status(page, "steady", "inactive");
        }
        assertThat(errors).isEmpty();
    }

    @Test
    void the_filter_leaves_what_has_every_word() {
        try (FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(
                        directory, "ana", server.address(), backend.llm("one", 4) + backend.llm("two", 4))) {
            status(page, "one", "active");
            status(page, "two", "active");
            Locator filter = page.getByLabel("Filter");

            filter.fill("active TW");
            assertThat(row(page, "one")).isHidden();
            assertThat(row(page, "two")).isVisible();
            filter.fill("nothing like it");
            assertThat(page.getByText("No Llm matches the filter.")).isVisible();
            filter.fill("");
            assertThat(row(page, "one")).isVisible();
            assertThat(agent.program().alive()).isTrue();
        }
    }

    @Test
    void a_phone_shows_the_table_without_scrolling_sideways_and_darkness_is_dark() {
        Page phone = look(360, 740);
        phone.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
        try (FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(
                        directory,
                        "ana",
                        server.address(),
                        backend.llm("a-name-that-is-longer-than-a-telephone-is-wide/and-then-some:70b", 4))) {
            assertThat(phone.getByRole(AriaRole.TABLE)).isVisible();
            assertThat(phone.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                    .isEqualTo(true);
            phone.getByRole(AriaRole.ROWHEADER).click();
            assertThat(phone.getByRole(AriaRole.DIALOG)).isVisible();
            assertThat(phone.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                    .isEqualTo(true);
            assertThat(phone.evaluate("getComputedStyle(document.body).backgroundColor"))
                    .isEqualTo("rgb(23, 20, 15)");
            assertThat(agent.program().alive()).isTrue();
        }
        phone.context().close();
    }

    @Test
    void where_the_server_wants_a_token_the_page_asks_for_it_and_sends_it() throws IOException {
        try (ServerProcess strict =
                ServerProcess.start(Files.createDirectory(directory.resolve("strict")), "auth.mode=token")) {
            Page guarded = browser.page(1200, 800);
            guarded.navigate(strict.http() + "/");
            Locator question = guarded.getByRole(AriaRole.DIALOG);
            Locator token = guarded.getByRole(AriaRole.TEXTBOX, new Page.GetByRoleOptions().setName("Token"));
            assertThat(question).isVisible();

            token.fill("dmt_wrong");
            guarded.keyboard().press("Enter");
            assertThat(question).containsText("does not know that token");
            token.fill(strict.firstToken());
            guarded.keyboard().press("Enter");

            connection(guarded, "live");
            assertThat(question).isHidden();
            guarded.reload();
            connection(guarded, "live"); // kept until the tab is closed
            assertThat(question).isHidden();
            guarded.context().close();
        }
    }
}
