package dormouse.server;

import dormouse.server.control.PublicLlms;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code llms} of the server's file. Stateless. */
final class PublicLlmsReader {
    private static final String NAME_RULE = "is not 1 to 128 of a-z A-Z 0-9 . _ - : /";

    private PublicLlmsReader() {}

    /** @throws SettingsException naming place, key, value and rule; never what was given as a key */
    static List<Declaration> read(Settings settings) {
        List<Declaration> llms = new ArrayList<>();
        Set<LlmName> names = new HashSet<>();
        for (Settings each : settings.list("llms")) {
            Declaration llm = one(each);
            if (!names.add(llm.name())) {
                throw each.wrong("name", "is that of another one in this list");
            }
            llms.add(llm);
        }
        if (llms.size() > PublicLlms.MOST) {
            throw settings.wrong("llms", "has more than " + PublicLlms.MOST);
        }
        for (Declaration llm : llms) {
            String pool = llm.spec().pool();
            if (!pool.isEmpty() && names.contains(new LlmName(pool))) {
                throw settings.wrong("llms", "has the pool " + pool + " and an Llm of the same name");
            }
        }
        return List.copyOf(llms);
    }

    private static Declaration one(Settings llm) {
        String name = llm.required("name");
        if (!LlmName.isValid(name)) {
            throw llm.wrong("name", NAME_RULE);
        }
        String url = llm.required("url");
        if (!Declaration.isUrl(url)) {
            throw llm.wrong("url", Declaration.URL_RULE);
        }
        String pool = llm.text("pool", "");
        if (!pool.isEmpty() && !LlmName.isValid(pool)) {
            throw llm.wrong("pool", NAME_RULE);
        }
        int concurrency = llm.integer("concurrency", LlmSpec.DEFAULT_CONCURRENCY, 1, 1024);
        String keyEnv = given(llm, "keyEnv");
        if (keyEnv != null && !Declaration.isKeyEnv(keyEnv)) {
            throw llm.wrong("keyEnv", "is not " + Declaration.KEY_ENV_RULE);
        }
        String keyFile = given(llm, "keyFile");
        if (keyFile != null && !Declaration.isKeyFile(keyFile)) {
            throw llm.wrong("keyFile", "is not " + Declaration.KEY_FILE_RULE);
        }
        if (keyEnv != null && keyFile != null) {
            throw llm.wrong("keyFile", "stands beside keyEnv: at most one of them");
        }
        try {
            LlmSpec spec = new LlmSpec(
                    llm.text("model", name),
                    pool,
                    concurrency,
                    false,
                    false,
                    llm.textMap("labels"),
                    LlmSpec.DEFAULT_MAX_WAIT,
                    llm.text("type", "openai"));
            return new Declaration(new LlmName(name), spec, url, keyEnv, keyFile, Declaration.Origin.FILE);
        } catch (IllegalArgumentException e) { // "type: the rule"
            String[] said = String.valueOf(e.getMessage()).split(": ", 2);
            throw llm.wrong(said[0], said.length < 2 ? "is wrong" : "breaks the rule: " + said[1]);
        }
    }

    private static @Nullable String given(Settings llm, String key) {
        String text = llm.textOrNull(key);
        return text == null || text.isEmpty() ? null : text;
    }
}
