package dormouse.pem;

import java.nio.file.Path;

/** What is wrong with a file of certificates or keys. The message names the file and the rule that it breaks, never its content. */
public final class PemException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Which of the files it is. */
    public enum Part {
        CERTIFICATE,
        KEY,
        AUTHORITIES
    }

    private final Part part;
    private final String rule;

    PemException(Part part, Path file, String rule) {
        super(file + " " + rule);
        this.part = part;
        this.rule = rule;
    }

    public Part part() {
        return part;
    }

    /** The rule alone, for who names the file in a way of his own. */
    public String rule() {
        return rule;
    }
}
