package dormouse.settings;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How settings write the constants of an enum: in lower case with {@code -} for {@code _}, or as {@code toString}. */
final class Choice {
    private Choice() {}

    static <E extends Enum<E>> @Nullable E of(Class<E> type, String text) {
        for (E constant : type.getEnumConstants()) {
            if (text.equals(plain(constant)) || text.equals(constant.toString())) {
                return constant;
            }
        }
        return null;
    }

    static <E extends Enum<E>> String rule(Class<E> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.toString().equals(constant.name()) ? plain(constant) : constant.toString())
                .collect(Collectors.joining(", ", "is not one of ", ""));
    }

    private static String plain(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
