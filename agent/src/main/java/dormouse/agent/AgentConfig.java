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
 * @param discover whether it publishes what answers on the usual local ports
 */
public record AgentConfig(
        List<String> servers,
        @Nullable Tls tls,
        @Nullable Secret token,
        String name,
        Path stateDir,
        boolean discover,
        List<LlmConfig> llms) {
    public AgentConfig {
        servers = List.copyOf(servers);
        llms = List.copyOf(llms);
        if (servers.isEmpty()) {
            throw new IllegalArgumentException("servers: at least one address");
        }
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
            @Nullable Path key) {}

    /** Whether only the Llms differ; the rest takes a restart. */
    boolean sameButLlms(AgentConfig other) {
        return servers.equals(other.servers)
                && java.util.Objects.equals(tls, other.tls)
                && java.util.Objects.equals(token, other.token)
                && name.equals(other.name)
                && stateDir.equals(other.stateDir);
    }
}
