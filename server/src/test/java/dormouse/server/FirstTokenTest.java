package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.settings.SettingsException;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.Role;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the first token of an ADMIN comes to be: made once, or given, or made while none were asked for. */
class FirstTokenTest {
    private static final String GIVEN = "dmt_" + "G".repeat(43);

    private final Harness server = Harness.start();

    @AfterEach
    void close() {
        server.close();
    }

    private int tokens(String secret) {
        return server.as(secret)
                .admin()
                .listTokens(ListTokensRequest.getDefaultInstance())
                .getTokensCount();
    }

    @Test
    void itIsMadeAndShownOnceAtTheFirstStartThatAsksForTokens() {
        assertThat(server.shownTokens()).isEmpty();
        server.restart("auth.mode=token");
        assertThat(server.shownTokens()).hasSize(1);
        assertThat(tokens(server.firstToken())).isEqualTo(1);
        server.restart();
        server.kill();
        assertThat(server.shownTokens()).hasSize(1);
    }

    @Test
    void itIsTakenFromTheEnvironmentAndNotShown() {
        server.environment().put("DORMOUSE_ADMIN_TOKEN", GIVEN);
        server.restart("auth.mode=token");
        assertThat(server.shownTokens()).isEmpty();
        assertThat(tokens(GIVEN)).isEqualTo(1);
        server.restart();
        assertThat(tokens(GIVEN)).isEqualTo(1);
    }

    @Test
    void whatIsNoTokenIsRefusedWithoutBeingQuoted() {
        server.environment().put("DORMOUSE_ADMIN_TOKEN", "hunter2");
        assertThatThrownBy(() -> server.restart("auth.mode=token"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("DORMOUSE_ADMIN_TOKEN")
                .hasMessageNotContaining("hunter2");
        server.environment().clear();
        server.restart();
    }

    @Test
    void tokensThatWereMadeWhileNoneWereAskedForCount() {
        String admin = server.token(Role.ROLE_ADMIN);
        String client = server.token(Role.ROLE_CLIENT);
        server.restart("auth.mode=token");
        assertThat(server.shownTokens()).isEmpty();
        assertThat(tokens(admin)).isEqualTo(2);
        assertThat(server.as(client).watch(0).open()).isTrue();
    }

    @Test
    void anotherIsMadeWhereTheLastOneWasRevoked() {
        server.restart("auth.mode=token");
        server.revoke("admin-1");
        assertThatThrownBy(() -> tokens(server.firstToken())).hasMessageContaining("revoked");
        server.restart();
        assertThat(server.shownTokens()).hasSize(2);
        assertThat(tokens(server.shownTokens().get(1))).isEqualTo(2);
    }
}
