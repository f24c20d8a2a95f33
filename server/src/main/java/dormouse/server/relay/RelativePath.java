package dormouse.server.relay;

import java.util.regex.Pattern;

/** The rule for a path that a client names: relative, without {@code ..} or a scheme; a query may follow. */
public final class RelativePath {
    private static final Pattern FORM =
            Pattern.compile("[A-Za-z0-9_~@!$&'()*+,;=.%-]+(/[A-Za-z0-9_~@!$&'()*+,;=.%:-]+)*(\\?[!-~&&[^#]]*)?");

    private RelativePath() {}

    /** Whether {@code path} may be put behind a backend's base URL. */
    public static boolean isValid(String path) {
        if (path.length() > 2048 || !FORM.matcher(path).matches()) {
            return false;
        }
        String way = path.contains("?") ? path.substring(0, path.indexOf('?')) : path;
        for (String part : way.split("/", -1)) {
            String plain = part.replaceAll("(?i)%2e", ".");
            if (plain.equals("..") || plain.equals(".") || part.matches("(?i).*%(2f|5c|00).*")) {
                return false;
            }
        }
        return true;
    }
}
