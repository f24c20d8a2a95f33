/**
 * Nouns and pure decisions: what an Llm is, which states it has, what each event makes of it, and what the store must
 * promise. No I/O, threads or clocks in here: an event and a time go in, a decision comes out. Imports the JDK alone.
 */
@NullMarked
package dormouse.server.fleet;

import org.jspecify.annotations.NullMarked;
