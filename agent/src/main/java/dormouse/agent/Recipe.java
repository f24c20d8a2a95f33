package dormouse.agent;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** What the publisher wrote down to boot, or to rest, a backend. */
public sealed interface Recipe {
    /** An HTTP request; a status below 400 is success. */
    record Http(URI url, String method, Map<String, String> headers, String body) implements Recipe {
        public Http {
            headers = Map.copyOf(headers);
        }

        /** Without headers, body and query, which may hold secrets. */
        @Override
        public String toString() {
            return method + " " + url.getScheme() + "://" + url.getAuthority() + url.getPath();
        }
    }

    /** A program with its arguments, run without a shell; exit code 0 is success. */
    record Command(String program, List<String> args) implements Recipe {
        public Command {
            args = List.copyOf(args);
        }

        /** Without the arguments, which may hold secrets. */
        @Override
        public String toString() {
            return "command " + program;
        }
    }

    /** A magic packet to the machine with this hardware address. */
    record WakeOnLan(String mac, String broadcast, int port) implements Recipe {
        @Override
        public String toString() {
            return "wake-on-lan " + mac;
        }
    }
}
