package dormouse.agent;

import sun.misc.Signal;

/**
 * The signals of the operating system. The JDK has no documented way to handle SIGHUP, nor to exit with 0 after a
 * SIGTERM; {@code sun.misc.Signal} of {@code jdk.unsupported} is what everybody uses. Where a system lacks a signal it is
 * left alone.
 */
final class Signals {
    private Signals() {}

    /** The handler runs on a thread of its own. */
    static void handle(String name, Runnable handler) {
        try {
            Signal.handle(new Signal(name), signal -> handler.run());
        } catch (IllegalArgumentException unknownHere) {
            // Windows has no HUP
        }
    }
}
