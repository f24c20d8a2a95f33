package dormouse.form;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@code multipart/form-data} body (RFC 7578) and where its parts stand in it; nothing is copied. Strict: what two
 * readers could understand differently is refused, since what the server sees must be what the backend sees. Immutable;
 * any thread.
 */
public final class MultipartForm {
    /**
     * One part.
     *
     * @param name of the field
     * @param from where its value begins in the body
     * @param to where it ends
     */
    public record Part(String name, int from, int to) {}

    private static final int MOST_PARTS = 1000;
    private static final int LONGEST_HEADERS = 8 << 10;
    private static final String QUOTED = "\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"";
    private static final Pattern BOUNDARY =
            Pattern.compile(";\\s*boundary=(?:\"([^\"\\\\]{1,70})\"|([^\\s\";,]{1,70}+))", Pattern.CASE_INSENSITIVE);
    private static final Pattern PARAMETER =
            Pattern.compile("\\s*;\\s*([a-z-]++\\*?)=(?:" + QUOTED + "|([^\\s\";,]++))", Pattern.CASE_INSENSITIVE);

    private final byte[] body;
    private final byte[] delimiter;
    private final List<Part> parts = new ArrayList<>();

    private MultipartForm(byte[] body, String boundary) {
        this.body = body;
        this.delimiter = ("--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Whether a content type says that the body is such a form. */
    public static boolean isForm(String contentType) {
        return contentType.strip().toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    }

    /** @throws FormException where it is not one, or one that two readers could understand differently */
    public static MultipartForm read(byte[] body, String contentType) throws FormException {
        Matcher boundary = BOUNDARY.matcher(contentType);
        if (!boundary.find()) {
            throw new FormException("the content type has no boundary of 1 to 70 characters");
        }
        String found = boundary.group(1) != null ? boundary.group(1) : boundary.group(2);
        if (boundary.find()) {
            throw new FormException("the content type has two boundaries");
        }
        MultipartForm form = new MultipartForm(body, found);
        form.scan();
        return form;
    }

    /** In their order. */
    public List<Part> parts() {
        return List.copyOf(parts);
    }

    /** Those with this name, in their order. */
    public List<Part> parts(String name) {
        return parts.stream().filter(part -> part.name().equals(name)).toList();
    }

    /** The value of a part as text. */
    public String text(Part part) {
        return new String(body, part.from(), part.to() - part.from(), StandardCharsets.UTF_8);
    }

    /** Where another part can be put in front of the others. */
    public int front() {
        return startsWith("\r\n") ? 2 : 0;
    }

    /** The bytes of another part, to stand at {@link #front}. */
    public byte[] part(String name, String value) {
        String head = "\r\ncontent-disposition: form-data; name=\"" + name + "\"\r\n\r\n";
        byte[] text = (head + value + "\r\n").getBytes(StandardCharsets.UTF_8);
        byte[] part = new byte[delimiter.length + text.length];
        System.arraycopy(delimiter, 0, part, 0, delimiter.length);
        System.arraycopy(text, 0, part, delimiter.length, text.length);
        return part;
    }

    private boolean startsWith(String text) {
        return isAt(0, text);
    }

    private void scan() throws FormException {
        int at = front();
        if (!isDelimiter(at)) {
            throw new FormException("the body does not begin with its boundary");
        }
        at += delimiter.length;
        while (!isAt(at, "--")) {
            at = afterLine(at);
            int value = afterHeaders(at);
            String name = name(new String(body, at, value - at, StandardCharsets.UTF_8));
            int next = nextDelimiter(value);
            if (parts.size() == MOST_PARTS) {
                throw new FormException("the form has more than " + MOST_PARTS + " parts");
            }
            parts.add(new Part(name, value, next - 2));
            at = next + delimiter.length;
        }
        for (int i = at + 2; i < body.length; i++) {
            if (body[i] != '\r' && body[i] != '\n' && body[i] != ' ' && body[i] != '\t') {
                throw new FormException("the body goes on after its form");
            }
        }
    }

    /** Behind the rest of a delimiter's line, which is white space. */
    private int afterLine(int at) throws FormException {
        int end = at;
        while (end < body.length && (body[end] == ' ' || body[end] == '\t')) {
            end++;
        }
        if (!isAt(end, "\r\n")) {
            throw new FormException("a line that begins with the boundary goes on, or does not end with CR LF");
        }
        return end + 2;
    }

    private int afterHeaders(int from) throws FormException {
        int most = Math.min(body.length - 4, from + LONGEST_HEADERS);
        for (int at = from; at <= most; at++) {
            if (isAt(at, "\r\n\r\n")) {
                return at + 4;
            }
        }
        throw new FormException("a part's headers do not end, or have more than " + LONGEST_HEADERS + " bytes");
    }

    /** The next line that begins with the boundary; one that only some readers would take for that is refused. */
    private int nextDelimiter(int from) throws FormException {
        for (int at = from; at <= body.length - delimiter.length; at++) {
            byte before = body[at - 1];
            if ((before == '\n' || before == '\r') && isDelimiter(at)) {
                if (before != '\n' || body[at - 2] != '\r' || at - 2 < from) {
                    throw new FormException("the boundary stands in a line that does not begin after CR LF");
                }
                return at;
            }
        }
        throw new FormException("the form does not end with its boundary");
    }

    private static String name(String headers) throws FormException {
        String disposition = null;
        for (String line : headers.substring(0, headers.length() - 4).split("\r\n", -1)) {
            int colon = line.indexOf(':');
            if (colon <= 0 || line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0 || line.charAt(0) <= ' ') {
                throw new FormException("a part has a line among its headers that is no header");
            }
            String header = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip();
            if (header.equals("content-disposition")) {
                if (disposition != null) {
                    throw new FormException("a part has two content-dispositions");
                }
                disposition = value;
            } else if (header.equals("content-transfer-encoding")
                    && !List.of("7bit", "8bit", "binary").contains(value.toLowerCase(Locale.ROOT))) {
                throw new FormException("a part has a content-transfer-encoding, which forms have not");
            }
        }
        String name = disposition == null ? null : fieldName(disposition);
        if (name == null) {
            throw new FormException("a part has no content-disposition: form-data; name=\"…\"");
        }
        return name;
    }

    /** Null where it is no form's, or not well formed. */
    private static @Nullable String fieldName(String disposition) throws FormException {
        String kind = "form-data";
        if (!disposition.regionMatches(true, 0, kind, 0, kind.length())) {
            return null;
        }
        String name = null;
        Matcher parameters = PARAMETER.matcher(disposition);
        int at = kind.length();
        while (parameters.region(at, disposition.length()).lookingAt()) {
            String key = parameters.group(1).toLowerCase(Locale.ROOT);
            if (key.equals("name*") || (key.equals("name") && name != null)) {
                throw new FormException("a part has two names");
            }
            if (key.equals("name")) {
                name = parameters.group(2) != null
                        ? parameters.group(2).replaceAll("\\\\(.)", "$1")
                        : parameters.group(3);
            }
            at = parameters.end();
        }
        String left = disposition.substring(at).strip();
        return left.isEmpty() || left.equals(";") ? name : null;
    }

    private boolean isDelimiter(int at) {
        if (at + delimiter.length > body.length) {
            return false;
        }
        for (int i = 0; i < delimiter.length; i++) {
            if (body[at + i] != delimiter[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean isAt(int at, String text) {
        if (at + text.length() > body.length) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (body[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
