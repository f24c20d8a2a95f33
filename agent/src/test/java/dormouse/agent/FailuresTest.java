package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** What went wrong with a stream, in a line for the publisher. */
class FailuresTest {
    private static String said(String description, Throwable cause) {
        return Failures.say(Status.UNAVAILABLE.withDescription(description).withCause(cause));
    }

    @Test
    void the_cause_is_said_though_the_description_has_several_lines() {
        assertThat(said("io exception\nChannel Pipeline: [a, b]", new IOException("Connection reset by peer")))
                .isEqualTo("io exception: Connection reset by peer");
    }

    @Test
    void a_certificate_that_is_wanted_is_said_to_be() {
        assertThat(said("ssl exception", new SSLException("error:1000045c:SSL::TLSV1_ALERT_CERTIFICATE_REQUIRED")))
                .startsWith("the server asks for a certificate: set tls.cert and tls.key (ssl exception: error:");
    }

    @Test
    void a_server_without_tls_is_said_to_be_one() {
        assertThat(said("ssl exception", new SSLException("not an SSL/TLS record: 00001204")))
                .startsWith("the server does not speak TLS there: is tls meant?");
    }
}
