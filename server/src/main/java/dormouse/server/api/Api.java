package dormouse.server.api;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionStore;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.Relay;
import dormouse.server.relay.UsageLedger;
import dormouse.server.relay.WakeGate;
import io.grpc.BindableService;
import java.util.List;
import java.util.concurrent.Executor;

/** The services that clients and operators call, and what they share. */
public final class Api implements AutoCloseable {
    private final Watches watches;
    private final List<BindableService> services;

    /** @param blocking where calls that ask the store may wait */
    public Api(
            Fleet fleet,
            AgentSessions sessions,
            Wakes wakes,
            WakeGate wakeGate,
            Relay relay,
            LlmStore store,
            SessionStore sessionStore,
            UsageLedger usage,
            Deadlines deadlines,
            Time time,
            String replica,
            Executor blocking) {
        Views views = new Views(sessions, wakes, relay);
        this.watches = new Watches(fleet, store, relay, views, time, blocking);
        this.services = List.of(
                new LlmApi(fleet, store, wakeGate, watches, views, time, blocking),
                new InferenceApi(relay, deadlines),
                new AdminApi(fleet, sessions, sessionStore, usage, replica, blocking));
    }

    /** To be added to a server. */
    public List<BindableService> services() {
        return services;
    }

    /** How many watch the fleet. */
    public int watches() {
        return watches.size();
    }

    @Override
    public void close() {
        watches.stop();
    }
}
