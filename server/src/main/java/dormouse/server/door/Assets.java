package dormouse.server.door;

import dormouse.server.auth.Right;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page. They are read once, are the same for everybody, and may do only what this header says: run the
 * scripts and styles that come from here, and talk to here. A browser asks again each time, and gets 304 where it has the latest.
 */
record Assets(String contentType, byte[] content, String etag) implements Routes.Page {
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    static void addTo(Routes routes) {
        routes.at("/", Right.NOTHING, read("index.html", "text/html; charset=utf-8"))
                .at("/page/page.css", Right.NOTHING, read("page.css", "text/css; charset=utf-8"))
                .at("/page/page.js", Right.NOTHING, read("page.js", "text/javascript; charset=utf-8"))
                .at("/page/events.js", Right.NOTHING, read("events.js", "text/javascript; charset=utf-8"))
                .at("/page/details.js", Right.NOTHING, read("details.js", "text/javascript; charset=utf-8"))
                .at("/page/llms.js", Right.NOTHING, read("llms.js", "text/javascript; charset=utf-8"))
                .at("/page/icon.svg", Right.NOTHING, read("icon.svg", "image/svg+xml"));
    }

    private static Assets read(String file, String contentType) {
        try (InputStream in = Assets.class.getResourceAsStream("page/" + file)) {
            if (in == null) {
                throw new IllegalStateException("the page's file " + file + " is not in this program");
            }
            byte[] content = in.readAllBytes();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return new Assets(contentType, content, '"' + HexFormat.of().formatHex(hash, 0, 8) + '"');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public void get(Call call, String rest) {
        HttpServerResponse response = call.response()
                .putHeader("etag", etag)
                .putHeader("cache-control", "no-cache")
                .putHeader("content-security-policy", POLICY)
                .putHeader("x-content-type-options", "nosniff")
                .putHeader("referrer-policy", "no-referrer");
        if (hasIt(call.request().getHeader("if-none-match"))) {
            response.setStatusCode(304).end();
        } else {
            call.answer(200, contentType, content);
        }
    }

    private boolean hasIt(@Nullable String known) {
        return known != null && (known.equals("*") || known.contains(etag));
    }
}
