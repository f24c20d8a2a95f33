package dormouse.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Wake-on-LAN: six bytes of ones, then the hardware address sixteen times. UDP promises nothing, so it is sent three
 * times; that it was sent says nothing of the machine, which the polling finds out.
 */
final class MagicPacket {
    private static final int TIMES = 3;

    private final Recipe.WakeOnLan target;

    MagicPacket(Recipe.WakeOnLan target) {
        this.target = target;
    }

    CompletableFuture<@Nullable Void> send(Loop loop, Executor workers) {
        CompletableFuture<@Nullable Void> sent = new CompletableFuture<>();
        workers.execute(() -> {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setBroadcast(true);
                byte[] packet = bytes(target.mac());
                InetAddress address = InetAddress.getByName(target.broadcast());
                for (int i = 0; i < TIMES; i++) {
                    socket.send(new DatagramPacket(packet, packet.length, address, target.port()));
                }
                loop.execute(() -> sent.complete(null));
            } catch (IOException e) {
                loop.execute(() -> sent.completeExceptionally(
                        new RecipeFailed("its packet could not be sent", target + ": " + Failures.say(e))));
            }
        });
        return sent;
    }

    static byte[] bytes(String mac) {
        byte[] address = HexFormat.of().parseHex(mac.replaceAll("[:-]", ""));
        ByteArrayOutputStream packet = new ByteArrayOutputStream(102);
        for (int i = 0; i < 6; i++) {
            packet.write(0xff);
        }
        for (int i = 0; i < 16; i++) {
            packet.writeBytes(address);
        }
        return packet.toByteArray();
    }
}
