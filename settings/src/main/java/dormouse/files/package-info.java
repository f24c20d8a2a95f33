/** What every program minds when it makes a file. Needs the JDK alone. */
@NullMarked
package dormouse.files;

import org.jspecify.annotations.NullMarked;
