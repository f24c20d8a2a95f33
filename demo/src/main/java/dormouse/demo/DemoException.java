package dormouse.demo;

import org.jspecify.annotations.Nullable;

/** The demo cannot go on; the message says why, to the person before it. */
final class DemoException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Child culprit;

    DemoException(String message) {
        this(message, null, null);
    }

    DemoException(String message, @Nullable Child culprit, @Nullable Throwable cause) {
        super(message, cause);
        this.culprit = culprit;
    }

    static DemoException ended(Child child) {
        int code = child.process().exitValue();
        return new DemoException("the " + child.name() + " ended, with code " + code, child, null);
    }

    /** Whose log tells more; null where none does. */
    @Nullable
    Child culprit() {
        return culprit;
    }
}
