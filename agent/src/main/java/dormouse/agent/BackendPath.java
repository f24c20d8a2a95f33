package dormouse.agent;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a task may call below a backend's base URL: a relative path of plain URL characters, without a segment that
 * climbs, and perhaps a query. The server's word is not enough here: what lies beside the base URL on the publisher's
 * machine is none of the server's business. Stateless.
 */
final class BackendPath {
    private static final Pattern CHARACTERS = Pattern.compile(
            "(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-Fa-f]{2})+(?:\\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?");

    private BackendPath() {}

    /** What is wrong with the path, or null. */
    static @Nullable String wrong(String path) {
        if (!CHARACTERS.matcher(path).matches()) {
            return "is not a relative path of URL characters";
        }
        if (path.startsWith("/")) {
            return "begins with a slash; it is taken below the backend's base URL";
        }
        int query = path.indexOf('?');
        String plain = (query < 0 ? path : path.substring(0, query))
                .toLowerCase(Locale.ROOT)
                .replace("%2e", ".");
        if (plain.contains("%2f") || plain.contains("%5c") || plain.contains("%25") || plain.contains("%00")) {
            return "hides a slash, a backslash, a percent sign or a zero byte";
        }
        for (String segment : plain.split("/", -1)) {
            if (segment.equals("..") || segment.equals(".")) {
                return "climbs with '.' or '..'";
            }
        }
        return null;
    }
}
