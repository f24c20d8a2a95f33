package dormouse.server.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.SQLDataException;
import java.util.Map;
import java.util.TreeMap;

/** Labels as a JSON object, keys in order. */
final class LabelsJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, String>> TYPE = new TypeReference<>() {};

    private LabelsJson() {}

    static String write(Map<String, String> labels) {
        try {
            return JSON.writeValueAsString(new TreeMap<>(labels));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("labels: no JSON can be made of them", e);
        }
    }

    static Map<String, String> read(String json) throws SQLDataException {
        try {
            return JSON.readValue(json, TYPE);
        } catch (JsonProcessingException e) {
            throw new SQLDataException("column labels holds no JSON object of strings", e);
        }
    }
}
