package dormouse.server.control;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.SessionId;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session whose stream is attached to this server: owns what lives as long as that stream. The times and counts are
 * written by the stream's thread and read by anyone.
 */
public final class AttachedAgent {
    /**
     * What a heartbeat says of one Llm.
     *
     * @param rested whether the agent itself has put it to sleep, or does so now
     */
    public record Report(LlmStatus status, String reason, boolean rested) {}

    private final SessionId session;
    private final long epoch;
    private final AgentLine line;
    private final String name;
    private final String version;
    private final String principal;
    private final String instance;
    private final Instant connected;
    private volatile Instant heard;
    private volatile Instant written = Instant.MIN;
    private volatile int activeTasks;
    private volatile Set<LlmName> llms = Set.of();
    private Map<LlmName, Report> reports = Map.of();
    private volatile @Nullable Registration wanted;
    private volatile boolean leaving;
    private volatile boolean drained;
    private boolean spoken; // by the stream's thread
    private boolean reportPending; // under this

    AttachedAgent(
            SessionId session,
            long epoch,
            AgentLine line,
            String name,
            String version,
            String principal,
            String instance,
            Instant connected) {
        this.session = session;
        this.epoch = epoch;
        this.line = line;
        this.name = name;
        this.version = version;
        this.principal = principal;
        this.instance = instance;
        this.connected = connected;
        this.heard = connected;
    }

    public SessionId session() {
        return session;
    }

    /** Of this stream. */
    public long epoch() {
        return epoch;
    }

    public AgentLine line() {
        return line;
    }

    public String name() {
        return name;
    }

    public String version() {
        return version;
    }

    public String principal() {
        return principal;
    }

    /** The process, as it calls itself. */
    String instance() {
        return instance;
    }

    public Instant connected() {
        return connected;
    }

    /** The last sign of life. */
    public Instant heard() {
        return heard;
    }

    /** As its last heartbeat says. */
    public int activeTasks() {
        return activeTasks;
    }

    /** The names of its session, whatever their status; none once it has said goodbye. */
    public Set<LlmName> llms() {
        return llms;
    }

    /** Whether its stream is to end on purpose, so that a newer one of its session lets it finish its tasks. */
    public boolean leaving() {
        return leaving;
    }

    /** Whether it only finishes its tasks, since either side has said that the stream is to end: its loss is none. */
    public boolean finishing() {
        return leaving || drained;
    }

    void leave() {
        leaving = true;
    }

    /** It is asked to connect anew, and to finish its tasks here. */
    void drain(Duration reconnectWithin, Duration finishWithin) {
        drained = true;
        line.drain(reconnectWithin, finishWithin);
    }

    void stay() {
        leaving = false;
    }

    /** True for the first time. By the stream's thread. */
    boolean hear(Instant now) {
        heard = now;
        boolean first = !spoken;
        spoken = true;
        return first;
    }

    void load(int tasks) {
        activeTasks = tasks;
    }

    void publish(Set<LlmName> names) {
        llms = Set.copyOf(names);
    }

    void want(Registration latest) {
        wanted = latest;
    }

    /** What it has registered last on this stream, its first apart. */
    @Nullable
    Registration wanted() {
        return wanted;
    }

    /** Keeps the latest reports; false where an earlier set waits to be looked at, which will then see these. */
    synchronized boolean offerReports(Map<LlmName, Report> latest) {
        reports = latest;
        boolean first = !reportPending;
        reportPending = true;
        return first;
    }

    /** Whether an earlier set waits to be looked at: then the latest is news, since it takes that one's place. */
    synchronized boolean reportsWait() {
        return reportPending;
    }

    synchronized Map<LlmName, Report> takeReports() {
        reportPending = false;
        return reports;
    }

    /** The sign of life that is not on disk yet, or null where there is none. */
    @Nullable
    Instant unwritten() {
        Instant last = heard;
        return last.equals(written) ? null : last;
    }

    void written(Instant sign) {
        written = sign;
    }
}
