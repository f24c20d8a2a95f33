package dormouse.settings;

import dormouse.settings.Value.Entry;
import dormouse.settings.Value.Mapping;
import dormouse.settings.Value.Scalar;
import dormouse.settings.Value.Sequence;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Turns one YAML document into {@link Value}s. It stops at snakeyaml's nodes, before objects are made of them, because
 * the nodes are what knows the lines.
 *
 * <p>Duplicate keys are refused, and so is a document whose aliases unfold beyond {@link #MAX_VALUES} values.
 */
final class YamlReader {
    /** {@code [::1]:7700}, which begins like a list and is none. */
    private static final String IPV6_ADDRESS = "\\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\\w+)?](:\\d{1,5})?";

    private static final int MAX_DEPTH = 32;
    private static final int MAX_VALUES = 100_000;

    private final String source;
    private final boolean lines;
    private final boolean flag;
    private final Variables variables;
    private int values;

    private YamlReader(String source, boolean lines, boolean flag, Variables variables) {
        this.source = source;
        this.lines = lines;
        this.flag = flag;
        this.variables = variables;
    }

    /** The text of a file, in UTF-8. */
    static String textOf(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new SettingsException(file + ": no such file");
        } catch (CharacterCodingException e) {
            throw new SettingsException(file + ": not UTF-8 text");
        } catch (IOException e) {
            throw new SettingsException(file + ": cannot be read: " + e.getMessage());
        }
    }

    /** A whole file; empty when it holds nothing but comments. */
    static Mapping file(String source, String yaml, Variables variables) {
        Value root = new YamlReader(source, true, false, variables).read(yaml);
        if (root instanceof Mapping mapping) {
            return new Mapping(mapping.entries(), new Place(source, 0));
        }
        if (root == null || root.isNothing()) {
            return new Mapping(new LinkedHashMap<>(), new Place(source, 0));
        }
        throw new SettingsException(root.place(), root.quoted() + " is not a mapping (key: value) of settings");
    }

    /**
     * The value of one flag or environment variable: a flow collection or a quoted scalar where it begins like one,
     * otherwise the text as it is, so that {@code *} or {@code a: b} need no quoting. Empty text is no value.
     */
    static Value single(String source, String text, boolean flag) {
        Place place = new Place(source, 0);
        String trimmed = text.strip();
        if (trimmed.isEmpty()) {
            return new Scalar(null, "", place);
        }
        if ("{[\"'".indexOf(trimmed.charAt(0)) < 0 || trimmed.matches(IPV6_ADDRESS)) {
            return new Scalar(trimmed, trimmed, place);
        }
        Value value = new YamlReader(source, false, flag, new Variables(Map.of())).read(trimmed);
        return value == null ? new Scalar(null, "", place) : value;
    }

    private @Nullable Value read(String yaml) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(source)
                .setSchema(new CoreSchema())
                .setAllowNonScalarKeys(true)
                .build();
        try {
            Iterator<Node> documents =
                    new Compose(settings).composeAllFromString(yaml).iterator();
            if (!documents.hasNext()) {
                return null;
            }
            Value value = value(documents.next(), 0);
            if (documents.hasNext()) {
                throw new SettingsException(place(documents.next()), "a second document (---); one is expected");
            }
            return value;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark()
                    .or(e::getContextMark)
                    .map(mark -> mark.getLine() + 1)
                    .orElse(0);
            throw new SettingsException(at(line), "not valid YAML: " + problem(e));
        } catch (YamlEngineException | IllegalArgumentException e) { // the latter of tags like !!%d
            throw new SettingsException(at(0), "not valid YAML: " + oneLine(String.valueOf(e.getMessage())));
        }
    }

    private Value value(Node node, int depth) {
        Place place = place(node);
        if (depth > MAX_DEPTH || node.isRecursive() || ++values > MAX_VALUES) {
            throw new SettingsException(place, "nested too deeply, or too many values");
        }
        if (node instanceof ScalarNode scalar) {
            String written = scalar.getValue();
            boolean nothing = scalar.isPlain() && scalar.getTag().equals(Tag.NULL);
            return new Scalar(nothing ? null : expanded(written, place), written, place);
        }
        if (node instanceof SequenceNode sequence) {
            List<Value> elements = new ArrayList<>();
            for (Node element : sequence.getValue()) {
                elements.add(value(element, depth + 1));
            }
            return new Sequence(List.copyOf(elements), place);
        }
        return mapping((MappingNode) node, place, depth);
    }

    private Mapping mapping(MappingNode node, Place place, int depth) {
        LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : node.getValue()) {
            Place keyPlace = place(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new SettingsException(keyPlace, "a key must be plain text");
            }
            Entry entry = new Entry(value(tuple.getValueNode(), depth + 1), keyPlace, flag);
            Entry earlier = entries.putIfAbsent(key.getValue(), entry);
            if (earlier != null) {
                String first = lines ? " (first in line " + earlier.place().line() + ")" : "";
                throw new SettingsException(keyPlace, "\"" + key.getValue() + "\" is set twice" + first);
            }
        }
        return new Mapping(entries, place);
    }

    private String expanded(String written, Place place) {
        return lines ? variables.replaceIn(written, place) : written;
    }

    private Place place(Node node) {
        return at(node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0));
    }

    private Place at(int line) {
        return new Place(source, lines ? line : 0);
    }

    private static String problem(MarkedYamlEngineException e) {
        String problem = e.getProblem() == null ? String.valueOf(e.getContext()) : e.getProblem();
        if (problem.contains("\\t(TAB)")) {
            return "a tab stands where YAML wants spaces";
        }
        return oneLine(e.getContext() == null || e.getProblem() == null ? problem : e.getContext() + ": " + problem);
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
