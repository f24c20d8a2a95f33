/**
 * What measures Dormouse from outside, by HTTP alone: a model server that needs no time, clients that check every frame,
 * and the programs between them. {@code Main} prints figures beside those of the same clients straight at the model server,
 * taken in turn in the same minutes, since a figure without what it is compared with says little.
 */
@NullMarked
package dormouse.bench;

import org.jspecify.annotations.NullMarked;
