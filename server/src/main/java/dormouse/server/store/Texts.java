package dormouse.server.store;

import java.sql.Types;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;

/** Strings as {@link Storable#text} has them, so that a hostile one is never mistaken for a broken database. */
final class Texts extends AbstractArgumentFactory<String> {
    Texts() {
        super(Types.VARCHAR);
    }

    @Override
    protected Argument build(String text, ConfigRegistry config) {
        String storable = Storable.text(text);
        return (position, statement, context) -> statement.setString(position, storable);
    }
}
