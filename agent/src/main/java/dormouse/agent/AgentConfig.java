package dormouse.agent;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that an agent is told.
 *
 * @param servers addresses of replicas, {@code HOST:PORT} each, at least one, tried in turn
 * @param tls null: plaintext
 * @param token sent as {@code authorization: Bearer}
 * @param name what people call this agent
 * @param stateDir holds the session
 * @param discover whether it publishes what answers on the local ports
 * @param discoverPorts of 127.0.0.1, in the order in which names are given
 */
public record AgentConfig(
        List<String> servers,
        @Nullable Tls tls,
        @Nullable Secret token,
        String name,
        Path stateDir,
        boolean discover,
        List<LlmConfig> llms,
        List<Integer> discoverPorts) {
    /** Where Ollama, LM Studio, llama.cpp and vLLM listen, unless told otherwise. */
    public static final List<Integer> USUAL_PORTS = List.of(11434, 1234, 8080, 8000);

    public AgentConfig {
        discoverPorts = List.copyOf(discoverPorts);
        servers = List.copyOf(servers);
        llms = List.copyOf(llms);
        if (servers.isEmpty()) {
            throw new IllegalArgumentException("servers: at least one address");
        }
    }

    /** With the usual ports. */
    public AgentConfig(
            List<String> servers,
            @Nullable Tls tls,
            @Nullable Secret token,
            String name,
            Path stateDir,
            boolean discover,
            List<LlmConfig> llms) {
        this(servers, tls, token, name, stateDir, discover, llms, USUAL_PORTS);
    }

    /**
     * TLS toward the server.
     *
     * @param ca the authorities to trust; null: the machine's own
     * @param cert the agent's own chain, with its key; null: none
     */
    public record Tls(
            @Nullable Path ca,
            @Nullable Path cert,
            @Nullable Path key) {
        LiveTls.Files files() {
            return new LiveTls.Files(cert, key, ca);
        }
    }

    /** Whether only the Llms differ, or whether it discovers; the rest takes a restart. */
    boolean sameButLlms(AgentConfig other) {
        return servers.equals(other.servers)
                && java.util.Objects.equals(tls, other.tls)
                && Secret.sameSource(token, other.token)
                && name.equals(other.name)
                && stateDir.equals(other.stateDir)
                && discoverPorts.equals(other.discoverPorts);
    }

    /** The same with what a changed file says of the Llms. */
    AgentConfig withLlmsOf(AgentConfig changed) {
        return new AgentConfig(servers, tls, token, name, stateDir, changed.discover, changed.llms, discoverPorts);
    }
}
