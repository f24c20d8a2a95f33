/**
 * What runs beside a model backend: it dials out to the server, holds one stream ({@link dormouse.agent.Link}), and on
 * the server's word wakes the backend, rests it, and relays inferences to it.
 *
 * <p>All state is confined to one thread, the {@link dormouse.agent.Loop}: gRPC's callbacks, the HTTP client's and the
 * timers arrive there, so nothing in this package locks, and nothing on it may block. What blocks (files, commands,
 * sockets, large bodies) runs on the workers and comes back to the loop.
 */
@NullMarked
package dormouse.agent;

import org.jspecify.annotations.NullMarked;
