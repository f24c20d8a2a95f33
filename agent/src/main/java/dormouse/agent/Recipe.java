package dormouse.agent;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the publisher wrote down to boot, or to rest, a backend. */
public sealed interface Recipe {
    /** An HTTP request; a status below 400 is success. */
    record Http(URI url, String method, Map<String, String> headers, String body) implements Recipe {
        public Http {
            headers = Map.copyOf(headers);
        }

        /** Without user, headers, body and query, which may hold secrets. */
        @Override
        public String toString() {
            String host = url.getHost() == null ? "" : url.getHost();
            String port = url.getPort() < 0 ? "" : ":" + url.getPort();
            return method + " " + url.getScheme() + "://" + host + port + url.getPath();
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

    /**
     * What the maker of the backend has provided for loading a model and for unloading it, over HTTP.
     *
     * @param kind any but {@link BackendType#OPENAI}, which has nothing of the sort
     * @param root where the backend's own paths begin: before OpenAI's {@code /v1}
     * @param model the backend's own name for it
     * @param apiKey the backend's
     */
    record ReadyMade(
            BackendType kind,
            Action action,
            URI root,
            String model,
            @Nullable Secret apiKey) implements Recipe {
        /** Which of the two. */
        enum Action {
            WAKE,
            SLEEP
        }

        public ReadyMade {
            if (kind == BackendType.OPENAI) {
                throw new IllegalArgumentException("there is no ready-made recipe for just any server");
            }
        }

        static ReadyMade of(BackendType kind, Action action, URI url, String model, @Nullable Secret apiKey) {
            return new ReadyMade(kind, action, BackendType.root(url), model, apiKey);
        }

        @Override
        public String toString() {
            return (action == Action.WAKE ? "wake " : "rest ") + model + " by " + kind + "'s own way";
        }
    }
}
