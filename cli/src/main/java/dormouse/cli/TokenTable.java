package dormouse.cli;

import dormouse.v1.Token;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tokens: a table for a person, a document for a program. */
final class TokenTable {
    private static final List<String> HEAD = List.of("ID", "ROLE", "NAMES", "STATE", "USED", "AGE", "LABEL");
    private static final List<String> WIDE = List.of("CREATED", "EXPIRES");

    private final Console console;
    private final Format format;

    TokenTable(Console console, Format format) {
        this.console = console;
        this.format = format;
    }

    void print(List<Token> tokens) {
        Output out = console.out();
        switch (format) {
            case TABLE, WIDE -> {
                table(tokens).print(out);
                if (tokens.isEmpty()) {
                    console.tell("No tokens.");
                }
            }
            case JSON -> out.println(Documents.json(document(tokens)));
            case YAML -> out.print(Documents.yaml(document(tokens)));
            case NAME -> tokens.forEach(token -> out.println(Printable.line(token.getId())));
        }
        out.flush();
    }

    private Table table(List<Token> tokens) {
        boolean wide = format == Format.WIDE;
        List<String> head = new ArrayList<>(HEAD);
        if (wide) {
            head.addAll(WIDE);
        }
        Table table = new Table(head);
        Instant now = console.clock().instant();
        for (Token token : tokens) {
            List<String> row = new ArrayList<>(List.of(
                    token.getId(),
                    Words.of(token.getRole()),
                    names(token),
                    state(token, now),
                    Times.ago(token.hasLastUseTime() ? token.getLastUseTime() : null, now),
                    Times.ago(token.hasCreateTime() ? token.getCreateTime() : null, now),
                    token.getName()));
            if (wide) {
                row.add(token.hasCreateTime() ? Times.rfc3339(token.getCreateTime()) : "");
                row.add(token.hasExpireTime() ? Times.rfc3339(token.getExpireTime()) : "never");
            }
            table.add(row);
        }
        return table;
    }

    private static String names(Token token) {
        return token.getLlmPatternsCount() == 0 ? "all" : String.join(",", token.getLlmPatternsList());
    }

    private static String state(Token token, Instant now) {
        if (token.getRevoked()) {
            return "revoked";
        }
        if (!token.hasExpireTime()) {
            return "good";
        }
        return Times.instant(token.getExpireTime()).isAfter(now) ? "good" : "expired";
    }

    private static Map<String, Object> document(List<Token> tokens) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("tokens", tokens.stream().map(token -> fields(token, null)).toList());
        return document;
    }

    /** @param secret of a new one; null: it is not known any more */
    static Map<String, @Nullable Object> fields(Token token, @Nullable String secret) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("id", token.getId());
        if (secret != null) {
            fields.put("secret", secret);
        }
        fields.put("name", token.getName());
        fields.put("role", Words.of(token.getRole()));
        fields.put("llmPatterns", new ArrayList<>(token.getLlmPatternsList()));
        fields.put("revoked", token.getRevoked());
        fields.put("createTime", LlmFields.time(token.hasCreateTime(), token.getCreateTime()));
        fields.put("expireTime", LlmFields.time(token.hasExpireTime(), token.getExpireTime()));
        fields.put("lastUseTime", LlmFields.time(token.hasLastUseTime(), token.getLastUseTime()));
        return fields;
    }
}
