package dormouse.server.control;

import java.util.Map;

/** How the backend's answer begins: its HTTP status, its content type (empty where it gave none), the headers that pass. */
public record Head(int status, String contentType, Map<String, String> headers) {
    public Head {
        headers = Map.copyOf(headers);
    }
}
