package dormouse.agent;

import java.util.concurrent.Executor;

/** What the parts of one agent share. */
record AgentParts(
        Loop loop,
        Executor workers,
        Backend backend,
        Hosts hosts,
        BodyBudget bodies,
        ChannelSource channels,
        Errands errands) {}
