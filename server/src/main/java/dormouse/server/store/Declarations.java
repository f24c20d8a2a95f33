package dormouse.server.store;

import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** The table {@code public_llm}: a row beside that of each PUBLIC Llm, with which it goes. */
final class Declarations {
    private static final String ALL = """
            SELECT   llm.*, public_llm.url, public_llm.key_env, public_llm.key_file, public_llm.origin
            FROM     public_llm
            JOIN     llm ON llm.name = public_llm.name
            ORDER BY llm.name
            """;
    private static final String FORGET = """
            DELETE FROM public_llm
            WHERE  name = :name
            """;
    private static final String INSERT = """
            INSERT INTO public_llm ( name,  url,  key_env,  key_file,  origin)
            VALUES                 (:name, :url, :key_env, :key_file, :origin)
            """;

    private Declarations() {}

    static List<Declaration> all(Handle handle) {
        return handle.createQuery(ALL).map((row, context) -> read(row)).list();
    }

    /** The rows of these Llms are there already, in this transaction. */
    static void save(Handle handle, List<Declaration> declarations) {
        if (declarations.isEmpty()) {
            return;
        }
        PreparedBatch forget = handle.prepareBatch(FORGET);
        PreparedBatch insert = handle.prepareBatch(INSERT);
        for (Declaration each : declarations) {
            forget.bind("name", each.name().value()).add();
            insert.bind("name", each.name().value())
                    .bind("url", each.url())
                    .bind("key_env", each.keyEnv())
                    .bind("key_file", each.keyFile())
                    .bind("origin", each.origin().name())
                    .add();
        }
        forget.execute();
        insert.execute();
    }

    private static Declaration read(ResultSet row) throws SQLException {
        return new Declaration(
                new LlmName(row.getString("name")),
                LlmRow.spec(row),
                row.getString("url"),
                row.getString("key_env"),
                row.getString("key_file"),
                Declaration.Origin.valueOf(row.getString("origin")));
    }
}
