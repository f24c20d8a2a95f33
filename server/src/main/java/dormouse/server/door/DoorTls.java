package dormouse.server.door;

import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Who this door is, and whom it believes. Both may say something else for each connection.
 *
 * @param clients null: clients are not asked for a certificate
 */
public record DoorTls(X509KeyManager keys, @Nullable X509TrustManager clients) {}
