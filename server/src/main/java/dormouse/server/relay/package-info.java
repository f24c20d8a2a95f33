/**
 * One flow per running task: who waits for what, and the bytes on their way. Imports {@code fleet}, {@code control}, and
 * Jackson's parser to recognize a conversation.
 */
@NullMarked
package dormouse.server.relay;

import org.jspecify.annotations.NullMarked;
