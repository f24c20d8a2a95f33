package dormouse.form;

import java.io.IOException;

/** A body is no form, or one that two readers could understand differently; the message says why. */
public final class FormException extends IOException {
    private static final long serialVersionUID = 1;

    FormException(String message) {
        super(message);
    }
}
