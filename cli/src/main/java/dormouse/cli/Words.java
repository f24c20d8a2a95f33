package dormouse.cli;

import com.google.protobuf.ProtocolMessageEnum;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmStatus;
import dormouse.v1.Role;

/** The contract's enum constants as the words that people use: without the prefix. */
final class Words {
    private Words() {}

    static String of(LlmStatus status) {
        return word(status, "LLM_STATUS_");
    }

    static String of(LlmKind kind) {
        return word(kind, "LLM_KIND_");
    }

    static String of(LlmEvent.Type type) {
        return word(type, "TYPE_");
    }

    static String of(Role role) {
        return word(role, "ROLE_");
    }

    /** A constant of a newer server is UNKNOWN: readers treat it as not usable. */
    private static <E extends Enum<E> & ProtocolMessageEnum> String word(E constant, String prefix) {
        String name = constant.name();
        return name.equals("UNRECOGNIZED") || name.endsWith("UNSPECIFIED")
                ? "UNKNOWN"
                : name.substring(prefix.length());
    }
}
