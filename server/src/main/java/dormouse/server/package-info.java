/**
 * The control plane of Dormouse. {@code fleet} decides, {@code control} carries out, {@code relay} moves bytes, the edges
 * ({@code link}, {@code api}) translate, {@code store} keeps, and this package wires them: it may import every room, and
 * no room imports it. The way of an infer: api, relay, (fleet: may it run? is it awake?), link, agent, backend.
 */
@NullMarked
package dormouse.server;

import org.jspecify.annotations.NullMarked;
