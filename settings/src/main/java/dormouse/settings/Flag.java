package dormouse.settings;

import dormouse.settings.Value.Entry;
import dormouse.settings.Value.Mapping;
import dormouse.settings.Value.Sequence;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;

/** Puts one {@code section.key=value} into a tree, making the sections on the way. */
final class Flag {
    private Flag() {}

    static void put(Mapping root, String dottedKey, String value, String source) {
        Place place = new Place(source, 0);
        List<String> keys = Arrays.asList(dottedKey.strip().split("\\.", -1));
        if (keys.stream().anyMatch(String::isBlank)) {
            throw new SettingsException(place, "\"" + dottedKey + "\" is not a key (section.key)");
        }
        Mapping section = root;
        for (String key : keys.subList(0, keys.size() - 1)) {
            Entry entry = section.entries().get(key);
            if (entry != null && entry.value() instanceof Sequence) {
                throw new SettingsException(place, dottedKey + ": " + key + " is a list, which is set as a whole");
            }
            if (entry == null || !(entry.value() instanceof Mapping)) {
                entry = new Entry(new Mapping(new LinkedHashMap<>(), place), place, true);
                section.entries().put(key, entry);
            }
            section = (Mapping) entry.value();
        }
        Value read = YamlReader.single(source, value, true);
        section.entries().put(keys.get(keys.size() - 1), new Entry(read, place, true));
    }
}
