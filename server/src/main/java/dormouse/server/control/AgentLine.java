package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import java.time.Duration;

/**
 * One attached agent's stream, as the rest of the server sees it. Any thread; no method blocks. What is said after the
 * stream has ended goes nowhere.
 */
public interface AgentLine {
    /** Tells the agent to wake an Llm's backend; the answer comes to {@link Wakes#result}. */
    void wake(TaskId task, LlmName llm);

    /** Tells the agent to put an Llm's backend to sleep, if no task runs on it; the answer comes to {@link Sleeps#result}. */
    void sleep(TaskId task, LlmName llm);

    /** Starts a task: sends the order, then its input as the agent's window allows; {@code ears} hear the answer. */
    TaskLine infer(InferOrder order, TaskEars ears);

    /** Asks the agent to end a wake. */
    void cancel(TaskId wake, Failure why);

    /** Asks the agent whether it lives: it is to answer with a heartbeat. */
    void probe();

    /** Whether it has not ended yet. */
    boolean isOpen();

    /** Asks the agent to connect anew and to finish its tasks here. */
    void drain(Duration reconnectWithin, Duration finishWithin);

    /** Ends the stream. */
    void close(Failure why);
}
