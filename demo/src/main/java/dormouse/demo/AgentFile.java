package dormouse.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/** Writes the file of the demo's agent: JSON, which is YAML too. */
record AgentFile(String server, Path stateDir) {
    private static final String NAME = "demo";

    /** A model that sleeps behind a power switch. */
    String sleeping(ModelChoice.Booted choice, int port, PowerSwitch powerSwitch) {
        ObjectNode llm = object().put("name", choice.name())
                .put("url", "http://127.0.0.1:" + port + "/v1")
                .put("concurrency", 4);
        llm.set("available", object().put("url", "/models").put("timeoutSeconds", 2));
        llm.set("wake", recipe(powerSwitch.url("start")).put("maxWaitSeconds", 60));
        llm.set("sleep", recipe(powerSwitch.url("stop")));
        return file(llm);
    }

    /** A model that is there already. */
    String running(ModelChoice.Running running) {
        return file(object().put("name", running.name())
                .put("url", running.server().url())
                .put("model", running.model())
                .put("type", running.server().type()));
    }

    private String file(ObjectNode llm) {
        ObjectNode file = object().put("server", server).put("name", NAME).put("stateDir", stateDir.toString());
        file.putArray("llms").add(llm);
        return file.toPrettyString().replace("$", "$$") + "\n";
    }

    private static ObjectNode recipe(String url) {
        return object().put("type", "http").put("url", url).put("method", "POST");
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
