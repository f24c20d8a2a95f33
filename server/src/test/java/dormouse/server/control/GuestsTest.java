package dormouse.server.control;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.ManualTime;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class GuestsTest {
    private final Guests guests = new Guests("http", 5, 2, new ManualTime());

    private static byte[] address(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private boolean enters(String address) {
        return guests.enter(address(address));
    }

    @Test
    void oneAddressHasItsOwnBound() {
        assertThat(enters("10.0.0.1")).isTrue();
        assertThat(enters("10.0.0.1")).isTrue();
        assertThat(enters("10.0.0.1")).isFalse();
        assertThat(enters("10.0.0.2")).isTrue();
        assertThat(guests.refused()).isOne();

        guests.leave(address("10.0.0.1"));
        assertThat(enters("10.0.0.1")).isTrue();
        assertThat(guests.size()).isEqualTo(3);
    }

    @Test
    void allTogetherHaveOne() {
        for (int host = 1; host <= 5; host++) {
            assertThat(enters("10.0.0." + host)).isTrue();
        }
        assertThat(enters("10.0.0.6")).isFalse();
        guests.leave(address("10.0.0.3"));
        assertThat(enters("10.0.0.6")).isTrue();
    }

    @Test
    void theAddressesOfOneNetworkOfIpv6AreOne() {
        assertThat(enters("2001:db8:1:2::1")).isTrue();
        assertThat(enters("2001:db8:1:2:ffff::2")).isTrue();
        assertThat(enters("2001:db8:1:2::3")).isFalse();
        assertThat(enters("2001:db8:1:3::1")).isTrue();
    }

    @Test
    void nothingIsKeptOfWhoHasLeft() {
        for (int i = 0; i < 10_000; i++) {
            String address = "10.1." + i % 200 + "." + i % 250;
            assertThat(enters(address)).isTrue();
            guests.leave(address(address));
        }
        assertThat(guests.size()).isZero();
    }
}
