package dormouse.agent;

import dormouse.form.FormException;
import dormouse.form.MultipartForm;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Puts the backend's own name for a model into a form, as {@link ModelRewrite} does into JSON: the value of each part
 * {@code model} is replaced, one is put in front where there is none, every other byte stays. Stateless; any thread.
 */
final class FormRewrite {
    private FormRewrite() {}

    /** @throws FormException the body is not a form, or not one for certain */
    static byte[] rewrite(byte[] body, String contentType, String model) throws FormException {
        MultipartForm form = MultipartForm.read(body, contentType);
        byte[] name = model.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream text = new ByteArrayOutputStream(body.length + name.length + 256);
        int copied = 0;
        if (form.parts("model").isEmpty()) {
            copied = form.front();
            text.write(body, 0, copied);
            text.writeBytes(form.part("model", model));
        }
        for (MultipartForm.Part part : form.parts("model")) {
            text.write(body, copied, part.from() - copied);
            text.writeBytes(name);
            copied = part.to();
        }
        text.write(body, copied, body.length - copied);
        return text.toByteArray();
    }
}
