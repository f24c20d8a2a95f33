package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The page's files: what is sent, what it may do, and what is not sent twice. What it does is a browser's to say (e2e). */
class PageFilesTest {
    private static final Pattern LINK = Pattern.compile("(?:src|href)=\"([^\"]+)\"");
    private static final Pattern IMPORT = Pattern.compile("from \"\\./([^\"]+)\"");

    private final Harness server = Harness.withDoor();
    private final WireClient client = WireClient.connect(server.server().httpAddress());

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private WireClient.Answer get(String path) {
        return client.send("GET " + path + " HTTP/1.1\r\nhost: x\r\n\r\n").answer();
    }

    @Test
    void thePageMayRunWhatComesFromHereAndNothingElse() {
        WireClient.Answer page = get("/");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.head().header("content-type")).isEqualTo("text/html; charset=utf-8");
        assertThat(page.head().header("x-content-type-options")).isEqualTo("nosniff");
        assertThat(page.head().header("content-security-policy"))
                .contains("default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'")
                .doesNotContain("unsafe");
        assertThat(page.text()).doesNotContainPattern("<script(?![^>]* src=)|<style|\\son[a-z]+=|style=");
    }

    @Test
    void everythingThatThePageAsksForIsHere() {
        List<String> links = LINK.matcher(get("/").text())
                .results()
                .map(link -> link.group(1))
                .toList();
        List<String> scripts =
                links.stream().filter(link -> link.endsWith(".js")).toList();

        assertThat(links).allMatch(link -> link.startsWith("/")).hasSizeGreaterThan(3);
        assertThat(links).allSatisfy(link -> assertThat(get(link).status()).isEqualTo(200));
        assertThat(scripts).isNotEmpty().allSatisfy(this::importsAreHere);
    }

    private void importsAreHere(String script) { // they import one another in no circle
        WireClient.Answer answer = get(script);
        assertThat(answer.status()).as(script).isEqualTo(200);
        assertThat(answer.head().header("content-type")).startsWith("text/javascript");
        assertThat(answer.text()).doesNotContain("innerHTML", "://");
        IMPORT.matcher(answer.text()).results().forEach(found -> importsAreHere("/page/" + found.group(1)));
    }

    @Test
    void whoHasTheLatestFileIsNotSentItAgain() {
        String tag = get("/page/page.css").head().header("etag");
        client.send("GET /page/page.css HTTP/1.1\r\nhost: x\r\nif-none-match: " + tag + "\r\n\r\n");
        WireClient.Head same = client.head();
        client.send("GET /page/page.css HTTP/1.1\r\nhost: x\r\nif-none-match: \"older\"\r\n\r\n");
        WireClient.Answer older = client.answer();

        assertThat(tag).matches("\"[0-9a-f]{16}\"");
        assertThat(same.status()).isEqualTo(304);
        assertThat(same.header("etag")).isEqualTo(tag);
        assertThat(older.status()).isEqualTo(200);
    }
}
