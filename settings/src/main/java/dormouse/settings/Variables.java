package dormouse.settings;

import java.util.Map;

/** Replaces {@code ${VAR}} in a scalar; {@code $$} stands for one dollar, any other dollar for itself. */
record Variables(Map<String, String> env) {
    /** Refuses a variable that is not set: an empty key or token in its place would fail later and elsewhere. */
    String replaceIn(String text, Place place) {
        if (text.indexOf('$') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            if (text.startsWith("$$", at)) {
                out.append('$');
                at += 2;
            } else if (text.startsWith("${", at)) {
                int end = text.indexOf('}', at);
                if (end < 0) {
                    throw new SettingsException(place, "\"${\" without \"}\" (write $$ for a plain dollar)");
                }
                out.append(valueOf(text.substring(at + 2, end), place));
                at = end + 1;
            } else {
                out.append(text.charAt(at++));
            }
        }
        return out.toString();
    }

    private String valueOf(String name, Place place) {
        String value = env.get(name);
        if (value == null) {
            throw new SettingsException(
                    place,
                    "${" + name + "}: the environment has no variable \"" + name + "\" (write $$ for a plain dollar)");
        }
        return value;
    }
}
