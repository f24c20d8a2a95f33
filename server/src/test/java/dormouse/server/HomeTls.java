package dormouse.server;

import dormouse.pem.Authorities;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import dormouse.server.tls.HomeFiles;
import dormouse.server.tls.Names;
import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A home fleet's certificates, as {@code init-tls} makes them, and clients that know them. */
final class HomeTls {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final HomeFiles files;

    private HomeTls(HomeFiles files) {
        this.files = files;
    }

    static HomeTls in(Path directory) {
        HomeFiles files = new HomeFiles(directory);
        try {
            files.make(names(), Instant.now(), RANDOM);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new HomeTls(files);
    }

    private static Names names() {
        return Names.withLoopback(List.of("desk.lan"));
    }

    HomeFiles files() {
        return files;
    }

    /** New ones of the same authority, in the same place. */
    void renew() {
        try {
            files.renew(names(), Instant.now(), RANDOM);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (PemException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As {@code --set} has them; the files are looked at all the time. */
    String[] server() {
        return new String[] {"tls.cert=" + files.server(), "tls.key=" + files.serverKey(), "tls.reread=20ms"};
    }

    /** The same, and clients have to show a certificate of this authority. */
    String[] mutual() {
        String[] server = server();
        return new String[] {server[0], server[1], server[2], "tls.clientCa=" + files.authority()};
    }

    /** @param own whose certificate the client shows; null: none */
    ChannelCredentials credentials(@Nullable HomeTls own) {
        TlsChannelCredentials.Builder credentials =
                TlsChannelCredentials.newBuilder().trustManager(trust());
        if (own != null) {
            credentials.keyManager(own.keys());
        }
        return credentials.build();
    }

    /** The same for HTTP. */
    SSLContext context(@Nullable HomeTls own) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own == null ? new KeyManager[0] : own.keys(), trust(), RANDOM);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyManager[] keys() {
        try {
            Identity client = Identity.read(files.client(), files.clientKey(), Instant.now());
            KeyStore store = empty();
            store.setKeyEntry("own", client.key(), new char[0], client.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, new char[0]);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException | PemException e) {
            throw new IllegalStateException(e);
        }
    }

    private TrustManager[] trust() {
        try {
            KeyStore store = empty();
            store.setCertificateEntry(
                    "ca", Authorities.read(files.authority(), Instant.now()).get(0));
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException | IOException | PemException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
