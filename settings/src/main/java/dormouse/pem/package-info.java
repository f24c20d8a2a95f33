/**
 * Certificates and private keys in PEM files, for every program: read, checked so that what is wrong is said before anybody
 * connects, and looked after while they are in use.
 *
 * <p>Imports the JDK alone.
 */
@NullMarked
package dormouse.pem;

import org.jspecify.annotations.NullMarked;
