package dormouse.server.store;

import java.util.List;
import org.flywaydb.core.api.output.MigrateResult;

/**
 * What {@link Database#migrate} has done.
 *
 * @param before the version of the tables before; empty where there were none
 * @param steps what was done, in order, as {@code VERSION DESCRIPTION}; none where the tables were as they should be
 */
public record Migrated(String before, List<String> steps) {
    static Migrated of(MigrateResult result) {
        String before = result.initialSchemaVersion;
        return new Migrated(
                before == null ? "" : before,
                result.migrations.stream()
                        .map(step -> step.version + " " + step.description)
                        .toList());
    }
}
