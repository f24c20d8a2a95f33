package dormouse.agent;

import java.time.Duration;

/** Spans of time, between the wire, the JDK and people. Stateless. */
final class Spans {
    private Spans() {}

    static Duration of(com.google.protobuf.Duration span) {
        return Duration.ofSeconds(span.getSeconds(), span.getNanos());
    }

    static com.google.protobuf.Duration proto(Duration span) {
        return com.google.protobuf.Duration.newBuilder()
                .setSeconds(span.getSeconds())
                .setNanos(span.getNano())
                .build();
    }

    /** {@code 200 ms}, {@code 12 s}, {@code 12.5 s}. */
    static String say(Duration span) {
        long millis = span.toMillis();
        if (millis < 1_000) {
            return millis + " ms";
        }
        return millis % 1_000 == 0 ? millis / 1_000 + " s" : millis / 1_000 + "." + millis % 1_000 / 100 + " s";
    }
}
