/**
 * Makes the certificates of a fleet that has no authority of its own. Imports the JDK and Bouncy Castle; what reads certificates
 * is in {@code dormouse.pem}.
 */
@NullMarked
package dormouse.server.tls;

import org.jspecify.annotations.NullMarked;
