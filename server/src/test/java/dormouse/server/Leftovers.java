package dormouse.server;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a server still holds: every map, set, list and queue of its objects that is not empty, however deep. */
final class Leftovers {
    /** Wiring, as old as the server; and what tests have put in. */
    private static final Set<String> WIRING = Set.of(
            "Parts.parts",
            "Routes.exact",
            "Routes.below",
            "Guests.byHost", // who is connected: the test itself
            "Fleet.listeners",
            "Api.services",
            "Door.servers",
            "Absences.listeners",
            "WakeMetrics.byLlm",
            "ManualTime.alarms",
            "FaultyStores.flushed",
            "FaultyStores.usageBatches");

    private final List<String> found = new ArrayList<>();
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private Leftovers() {}

    /** As {@code Class.field=size}. */
    static List<String> of(Object root) {
        Leftovers leftovers = new Leftovers();
        leftovers.look(root);
        return leftovers.found;
    }

    private void look(Object object) {
        if (!object.getClass().getName().startsWith("dormouse.server.") || !seen.add(object)) {
            return;
        }
        Class<?> type = object.getClass();
        for (; type.getName().startsWith("dormouse.server."); type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    look(object, field);
                }
            }
        }
    }

    private void look(Object owner, Field field) {
        Object value;
        try {
            field.setAccessible(true);
            value = field.get(owner);
        } catch (IllegalAccessException | InaccessibleObjectException e) {
            throw new IllegalStateException(e);
        }
        String name = field.getDeclaringClass().getSimpleName() + "." + field.getName();
        if (value instanceof Map<?, ?> map) {
            note(name, map.size());
            map.values().forEach(this::look);
        } else if (value instanceof Collection<?> all) {
            note(name, all.size());
            all.forEach(this::look);
        } else if (value != null) {
            look(value);
        }
    }

    private void note(String name, int size) {
        if (size > 0 && !WIRING.contains(name)) {
            found.add(name + "=" + size);
        }
    }
}
