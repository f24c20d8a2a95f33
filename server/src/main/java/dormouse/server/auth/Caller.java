package dormouse.server.auth;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.Vista;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param id of its credential; empty where the server asks for none
 * @param patterns names that it may use or publish; do not count for an ADMIN
 */
public record Caller(String id, Role role, Patterns patterns) implements Vista {
    /** Whoever reaches a server that asks for no credential. */
    public static final Caller ANYONE = new Caller("", Role.ADMIN, Patterns.ALL);

    /** Whether an Llm, or pool, of that name exists for it. */
    public boolean mayUse(String name) {
        return role == Role.ADMIN || (role == Role.CLIENT && patterns.cover(name));
    }

    public boolean mayUse(LlmName name) {
        return mayUse(name.value());
    }

    /** Whether it may publish an Llm, or a member of a pool, of that name. */
    public boolean mayPublish(String name) {
        return role == Role.ADMIN || (role == Role.AGENT && patterns.cover(name));
    }

    /** The row as it exists for this caller: null where it does not, without its pool where that does not. */
    @Override
    public @Nullable Llm seen(Llm llm) {
        if (!mayUse(llm.name())) {
            return null;
        }
        String pool = llm.spec().pool();
        return pool.isEmpty() || mayUse(pool) ? llm : llm.withoutPool();
    }

    /** The same of what has happened to one; on whose behalf is for those to know who run the server. */
    @Override
    public @Nullable LlmEvent seen(LlmEvent event) {
        Llm llm = seen(event.llm());
        if (llm == null) {
            return null;
        }
        return role == Role.ADMIN ? event : event.as(llm, "");
    }
}
