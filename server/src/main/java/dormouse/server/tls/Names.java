package dormouse.server.tls;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * By what a server is called: names, with a star as the first part where all below one are meant, and addresses.
 *
 * @param all in the order in which they were said, each once
 */
public record Names(List<String> all) {
    private static final Pattern NAME = Pattern.compile(
            "(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?" + "(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*");
    private static final int LONGEST = 253;
    private static final Pattern V4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:]*:[0-9a-fA-F:.]+");
    private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");

    /** @throws IllegalArgumentException naming the one that is neither a name nor an address */
    public Names {
        all = List.copyOf(all.stream().distinct().toList());
        for (String each : all) {
            boolean name = NAME.matcher(each).matches()
                    && each.length() <= LONGEST
                    && !DIGITS_AND_DOTS.matcher(each).matches();
            if (!name && !isAddress(each)) {
                throw new IllegalArgumentException(
                        "\"" + each + "\" is neither a host's name nor an address; a port is not part of it");
            }
        }
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a server has at least one name");
        }
    }

    /** These, and how a machine calls itself. */
    public static Names withLoopback(List<String> hosts) {
        List<String> all = new ArrayList<>(hosts);
        all.addAll(List.of("localhost", "127.0.0.1", "::1"));
        return new Names(all);
    }

    private static boolean isAddress(String text) {
        return V4.matcher(text).matches() || V6.matcher(text).matches();
    }

    /** As a certificate has them. */
    GeneralNames inCertificate() {
        return new GeneralNames(all.stream()
                .map(each -> new GeneralName(isAddress(each) ? GeneralName.iPAddress : GeneralName.dNSName, each))
                .toArray(GeneralName[]::new));
    }
}
