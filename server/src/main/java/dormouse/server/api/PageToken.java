package dormouse.server.api;

import dormouse.server.fleet.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Where a list goes on: opaque to clients, the last item's key to us. */
final class PageToken {
    private PageToken() {}

    static String of(String key) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws io.grpc.StatusRuntimeException where a client made one up */
    static String key(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Errors.of(Reason.MALFORMED, "page_token: not one that this server gave");
        }
    }

    /** @throws io.grpc.StatusRuntimeException where it is negative */
    static int size(int asked) {
        if (asked < 0) {
            throw Errors.of(Reason.MALFORMED, "page_size " + asked + ": 0 (100) to 1000");
        }
        return asked == 0 ? 100 : Math.min(asked, 1000);
    }
}
