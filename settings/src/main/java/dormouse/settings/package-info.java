/**
 * Settings files: YAML read with the place of every value, so that whatever is wrong with one can be said in a line
 * that an editor can jump to. Flags ({@code --set}) win over the environment, the environment over the file.
 *
 * <p>Imports the JDK and snakeyaml-engine; knows no key of any program.
 */
@NullMarked
package dormouse.settings;

import org.jspecify.annotations.NullMarked;
