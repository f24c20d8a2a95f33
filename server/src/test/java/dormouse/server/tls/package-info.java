@NullMarked
package dormouse.server.tls;

import org.jspecify.annotations.NullMarked;
