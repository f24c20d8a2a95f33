package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DatabaseUrlTest {
    @Test
    void a_commit_to_an_h2_file_is_written_at_once() {
        assertThat(new DatabaseUrl("jdbc:h2:file:./data").complete())
                .startsWith("jdbc:h2:file:./data;")
                .contains(
                        ";WRITE_DELAY=0",
                        ";REUSE_SPACE=FALSE",
                        ";DB_CLOSE_ON_EXIT=FALSE",
                        ";LOCK_TIMEOUT=",
                        ";QUERY_TIMEOUT=");
    }

    @Test
    void what_the_url_sets_stays() {
        String url =
                "jdbc:h2:./data;write_delay=50;Lock_Timeout=1;QUERY_TIMEOUT=2;DB_CLOSE_ON_EXIT=TRUE;TRACE_LEVEL_FILE=1;reuse_space=TRUE";
        assertThat(new DatabaseUrl(url).complete()).isEqualTo(url);
    }

    @Test
    void a_server_of_h2_closes_its_database_itself() {
        assertThat(new DatabaseUrl("jdbc:h2:tcp://localhost/data").complete())
                .contains(";WRITE_DELAY=0")
                .doesNotContain("DB_CLOSE_ON_EXIT");
    }

    @Test
    void the_url_of_a_postgresql_is_given_as_it_is() {
        String url = "jdbc:postgresql://host/db?ssl=true";
        assertThat(new DatabaseUrl(url).complete()).isEqualTo(url);
        assertThat(new DatabaseUrl(url).properties(null, null))
                .containsKeys("socketTimeout", "connectTimeout", "options");
        assertThat(new DatabaseUrl("jdbc:h2:mem:a").properties(null, null)).isEmpty();
    }

    @Test
    void what_may_be_secret_is_not_shown() {
        assertThat(new DatabaseUrl("jdbc:postgresql://user:secret@host:5432/db?password=secret"))
                .hasToString("jdbc:postgresql://host:5432/db");
        assertThat(new DatabaseUrl("jdbc:h2:./data;CIPHER=AES;PASSWORD=secret")).hasToString("jdbc:h2:./data");
    }
}
