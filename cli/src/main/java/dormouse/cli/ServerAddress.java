package dormouse.cli;

/**
 * Where the server listens for gRPC.
 *
 * @param host a name or an address, an IPv6 address without brackets
 * @param port 1-65535
 */
record ServerAddress(String host, int port) {
    static final int DEFAULT_PORT = 7700;

    /**
     * Reads {@code HOST:PORT}, {@code HOST}, {@code [IPV6]:PORT} or {@code [IPV6]}.
     *
     * @param source named in the error
     */
    static ServerAddress parse(String text, String source) {
        String host = text;
        String port = "";
        int colon = text.lastIndexOf(':');
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            host = end < 0 ? "" : text.substring(1, end);
            String rest = end < 0 ? "" : text.substring(end + 1);
            port = rest.isEmpty() ? "" : rest.substring(1);
            if (!rest.isEmpty() && !rest.matches(":\\d+")) {
                host = "";
            }
        } else if (colon >= 0) {
            host = text.substring(0, colon);
            port = text.substring(colon + 1);
            if (port.isEmpty()) {
                host = "";
            }
        }
        boolean named = host.matches(text.startsWith("[") ? "[0-9A-Fa-f:.%a-zA-Z]+" : "[A-Za-z0-9._-]+");
        if (!named || !port.matches("\\d{0,5}")) {
            throw wrong(text, source);
        }
        int number = port.isEmpty() ? DEFAULT_PORT : Integer.parseInt(port);
        if (number < 1 || number > 65_535) {
            throw wrong(text, source);
        }
        return new ServerAddress(host, number);
    }

    private static Failure wrong(String text, String source) {
        return Failure.usage(source + ": \"" + Printable.line(text)
                + "\" is not HOST:PORT (for instance localhost:7700 or [::1]:7700; the port is 1-65535)");
    }

    /** Known without asking DNS: what is said to it stays on this machine. */
    boolean isLoopback() {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || host.matches("127(\\.\\d{1,3}){3}")
                || host.matches("(0{0,4}:){2,7}0{0,3}1");
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
