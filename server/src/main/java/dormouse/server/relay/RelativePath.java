package dormouse.server.relay;

import java.util.regex.Pattern;

/**
 * The rule for a path that a client names: relative, without {@code ..} or a scheme; a query may follow. No less strict than
 * the agents': what they refuse has woken a machine by then.
 */
public final class RelativePath {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_~@!$&'()*+,;=.%-]+(/[A-Za-z0-9_~@!$&'()*+,;=.%-]+)*"
            + "(\\?[A-Za-z0-9_~@!$&'()*+,;=.%:/?-]*)?");
    private static final Pattern BAD_PERCENT = Pattern.compile("%(?![0-9A-Fa-f]{2})");
    private static final Pattern HIDING = Pattern.compile("(?i)%(2f|5c|00|25)");

    private RelativePath() {}

    /** Whether {@code path} may be put behind a backend's base URL. */
    public static boolean isValid(String path) {
        if (path.length() > 2048
                || !FORM.matcher(path).matches()
                || BAD_PERCENT.matcher(path).find()) {
            return false;
        }
        String way = path.contains("?") ? path.substring(0, path.indexOf('?')) : path;
        for (String part : way.split("/", -1)) {
            // What stands behind a semicolon is a parameter to some backends, and ..;x a way up.
            String plain = part.replaceAll("(?i)%2e", ".").replaceAll("(?i)(;|%3b).*", "");
            if (plain.equals("..") || plain.equals(".") || HIDING.matcher(part).find()) {
                return false;
            }
        }
        return true;
    }
}
