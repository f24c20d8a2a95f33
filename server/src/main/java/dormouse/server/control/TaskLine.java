package dormouse.server.control;

import dormouse.server.fleet.Failure;

/**
 * One task on its way to its agent and back: it outlives the stream that it began on, where that is lost and the agent is
 * back in time. Any thread; no method blocks. What is said while no stream has it is said again on the next one.
 */
public interface TaskLine {
    /** The answer has been consumed up to {@code bytes} from its start: the agent may go on. */
    void consumed(long bytes);

    /** Asks the agent to end it; its end still comes. */
    void cancel(Failure why);

    /** Forgets it: what still comes of it is dropped. */
    void forget();
}
