/**
 * {@code dormouse demo}: a server, an agent and a sleeping model on one machine, each a process of its own, so that a
 * model can be watched while it is woken through the server and answers.
 *
 * <p>It uses the other programs as a stranger would: their jars, their files, the gRPC contract. The model server that
 * it boots ({@link dormouse.demo.ModelServer}) knows OpenAI's chat completions and nothing of Dormouse.
 * Imports the JDK, the contract, gRPC, Jackson, and llama.cpp's Java binding in {@link dormouse.demo.LlamaCpp} alone.
 */
@NullMarked
package dormouse.demo;

import org.jspecify.annotations.NullMarked;
