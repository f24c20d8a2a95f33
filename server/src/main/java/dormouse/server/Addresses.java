package dormouse.server;

import dormouse.settings.Settings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code HOST:PORT}, read and written. Stateless. */
final class Addresses {
    private static final Pattern FORM = Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([^:\\[\\]]+)):([0-9]{1,5})");

    private Addresses() {}

    /** @throws dormouse.settings.SettingsException where it is not an address of this machine's kind */
    static InetSocketAddress parse(Settings section, String key, String fallback) {
        String text = section.text(key, fallback);
        Matcher form = FORM.matcher(text);
        if (!form.matches() || Integer.parseInt(form.group(3)) > 65535) {
            throw section.wrong(key, "is not HOST:PORT (127.0.0.1:7700; port 0 picks a free one)");
        }
        String host = form.group(1) != null ? form.group(1) : form.group(2);
        try {
            return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(form.group(3)));
        } catch (UnknownHostException e) {
            throw section.wrong(key, "names a host that nobody knows");
        }
    }

    static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
