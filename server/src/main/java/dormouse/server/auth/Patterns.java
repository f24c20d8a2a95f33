package dormouse.server.auth;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Globs over names: {@code *} stands for any characters, none included; all else for itself. No globs at all stand for every
 * name.
 */
public record Patterns(List<String> globs) {
    /** For one credential. */
    public static final int MOST = 64;

    static final Patterns ALL = new Patterns(List.of());

    private static final Pattern FORM = Pattern.compile("[a-zA-Z0-9._:/*-]{1,128}");

    /** @throws IllegalArgumentException naming the rule */
    public Patterns {
        globs = List.copyOf(globs);
        if (globs.size() > MOST) {
            throw new IllegalArgumentException("at most " + MOST + " patterns");
        }
        for (String glob : globs) {
            if (!FORM.matcher(glob).matches()) {
                String shown = glob.length() > 40 ? glob.substring(0, 40) + "…" : glob;
                throw new IllegalArgumentException("pattern \"" + shown + "\": 1 to 128 of a-z A-Z 0-9 . _ - : / *");
            }
        }
    }

    /** Whether one of them stands for that name. */
    public boolean cover(String name) {
        return globs.isEmpty() || globs.stream().anyMatch(glob -> matches(glob, name));
    }

    /** In time of the product of both lengths at most, whatever the stars. */
    static boolean matches(String glob, String name) {
        int at = 0;
        int star = -1;
        int retry = 0;
        int next = 0;
        while (next < name.length()) {
            if (at < glob.length() && glob.charAt(at) == '*') {
                star = at++;
                retry = next;
            } else if (at < glob.length() && glob.charAt(at) == name.charAt(next)) {
                at++;
                next++;
            } else if (star >= 0) {
                at = star + 1;
                next = ++retry;
            } else {
                return false;
            }
        }
        while (at < glob.length() && glob.charAt(at) == '*') {
            at++;
        }
        return at == glob.length();
    }
}
