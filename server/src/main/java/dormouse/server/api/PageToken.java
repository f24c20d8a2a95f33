package dormouse.server.api;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Comparator;

/** Where a list goes on: opaque to clients, the last item's key to us. */
final class PageToken {
    /** Past so many bytes a page ends early: half of what gRPC's clients take by default. */
    static final int MOST_BYTES = 2 << 20;

    private PageToken() {}

    static String of(String key) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws io.grpc.StatusRuntimeException where a client made one up, here and below */
    static String key(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw foreign();
        }
    }

    /** The last item's name, and the revision at which the first page was read. */
    record Place(long revision, String name) {}

    static String of(Place place) {
        return of(place.revision() + " " + place.name());
    }

    static Place place(String token) {
        String[] parts = key(token).split(" ", 2);
        if (parts.length < 2 || !LlmName.isValid(parts[1])) {
            throw foreign();
        }
        return new Place(number(parts[0]), parts[1]);
    }

    /** When the last item was made, and its id: these tell apart what a list has in order of creation. */
    record Made(Instant time, String id) implements Comparable<Made> {
        private static final Comparator<Made> ORDER =
                Comparator.comparing(Made::time).thenComparing(Made::id);

        @Override
        public int compareTo(Made other) {
            return ORDER.compare(this, other);
        }
    }

    static String of(Made made) {
        return of(made.time() + " " + made.id());
    }

    static Made made(String token) {
        String[] parts = key(token).split(" ", 2);
        try {
            return new Made(Instant.parse(parts[0]), parts.length < 2 ? "" : parts[1]);
        } catch (DateTimeParseException e) {
            throw foreign();
        }
    }

    static long revision(String token) {
        return number(key(token));
    }

    private static long number(String digits) {
        try {
            long number = Long.parseLong(digits);
            if (number < 0) {
                throw foreign();
            }
            return number;
        } catch (NumberFormatException e) {
            throw foreign();
        }
    }

    private static StatusRuntimeException foreign() {
        return Errors.of(Reason.MALFORMED, "page_token: not one that this server gave");
    }

    /** @throws io.grpc.StatusRuntimeException where it is negative */
    static int size(int asked) {
        if (asked < 0) {
            throw Errors.of(Reason.MALFORMED, "page_size " + asked + ": 0 (100) to 1000");
        }
        return asked == 0 ? 100 : Math.min(asked, 1000);
    }
}
