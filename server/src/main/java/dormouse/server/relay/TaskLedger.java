package dormouse.server.relay;

import dormouse.server.fleet.TaskRecord;

/** Hears of every task that has ended, however it ended, once. Any thread; must neither block nor throw. */
public interface TaskLedger {
    void ended(TaskRecord record);
}
