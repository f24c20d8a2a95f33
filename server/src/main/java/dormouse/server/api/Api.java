package dormouse.server.api;

import dormouse.server.auth.Audit;
import dormouse.server.auth.Tokens;
import dormouse.server.auth.Visit;
import dormouse.server.control.AgentSessions;
import dormouse.server.control.Fleet;
import dormouse.server.control.PublicLlms;
import dormouse.server.control.Sleeps;
import dormouse.server.control.Time;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionStore;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.Live;
import dormouse.server.relay.Relay;
import dormouse.server.relay.UsageLedger;
import dormouse.server.relay.WakeGate;
import dormouse.server.relay.Watches;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.Executor;

/** The services that clients and operators call, and what they share. */
public final class Api {
    /** Of the call that is being answered: put there by whoever stands before the door. */
    public static final Context.Key<Visit> VISIT = Context.key("dormouse-api-visit");

    private final List<BindableService> services;

    /**
     * @param blocking where calls that ask the store may wait
     * @param reading where large bodies are read
     */
    public Api(
            Fleet fleet,
            AgentSessions sessions,
            Wakes wakes,
            WakeGate wakeGate,
            Sleeps sleeps,
            Relay relay,
            Watches watches,
            PublicLlms publicLlms,
            LlmStore store,
            SessionStore sessionStore,
            BackupStore backups,
            UsageLedger usage,
            Deadlines deadlines,
            Time time,
            String replica,
            Tokens tokens,
            Audit audit,
            Executor blocking,
            Executor reading) {
        Views views = new Views(new Live.Source(sessions, wakes, relay), wakes);
        this.services = List.of(
                new LlmApi(
                        fleet,
                        store,
                        wakeGate,
                        sleeps,
                        watches,
                        views,
                        time,
                        blocking,
                        new DeclareCalls(publicLlms, views, blocking),
                        audit,
                        relay::isPool),
                new InferenceApi(relay, deadlines, reading),
                new AdminApi(
                        fleet,
                        sessions,
                        sessionStore,
                        usage,
                        replica,
                        new TokenCalls(tokens, time, blocking),
                        audit,
                        time,
                        blocking,
                        backups));
    }

    /** What a caller is told of a failure. */
    public static StatusRuntimeException refusal(Failure why) {
        return Errors.of(why);
    }

    /** To be added to a server. */
    public List<BindableService> services() {
        return services;
    }
}
