/** What of the agent is fuzzed; it stands here since the server's tests see both programs. */
@NullMarked
package dormouse.agent;

import org.jspecify.annotations.NullMarked;
