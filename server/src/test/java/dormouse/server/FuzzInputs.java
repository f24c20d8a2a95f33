package dormouse.server;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Inputs made of good ones, the same for the same seed: bytes turned, lost, doubled, put in, and halves that were strangers. */
public final class FuzzInputs {
    private static final int LONGEST = 64 << 10;

    private final List<byte[]> seeds;
    private final List<byte[]> words;
    private final Random random;

    /** @param words what is put in now and then, for the sake of what hangs on it */
    public FuzzInputs(List<byte[]> seeds, List<byte[]> words, long seed) {
        this.seeds = seeds;
        this.words = words;
        this.random = new Random(seed);
    }

    /** Another one. */
    public byte[] next() {
        byte[] input = any(seeds);
        for (int i = random.nextInt(6); i >= 0; i--) {
            input = once(input);
        }
        return input.length > LONGEST ? Arrays.copyOf(input, LONGEST) : input;
    }

    private byte[] any(List<byte[]> of) {
        return of.get(random.nextInt(of.size())).clone();
    }

    private int place(byte[] input) {
        return random.nextInt(input.length + 1);
    }

    private byte[] once(byte[] input) {
        int at = place(input);
        int to = Math.min(input.length, at + 1 + random.nextInt(16));
        return switch (random.nextInt(7)) {
            case 0 -> {
                if (at < input.length) {
                    input[at] ^= (byte) (1 << random.nextInt(8));
                }
                yield input;
            }
            case 1 -> {
                if (at < input.length) {
                    input[at] = (byte) random.nextInt(256);
                }
                yield input;
            }
            case 2 -> join(Arrays.copyOf(input, at), Arrays.copyOfRange(input, to, input.length));
            case 3 -> join(Arrays.copyOf(input, to), Arrays.copyOfRange(input, at, input.length));
            case 4 -> join(Arrays.copyOf(input, at), any(words), Arrays.copyOfRange(input, at, input.length));
            case 5 -> {
                byte[] other = any(seeds);
                yield join(Arrays.copyOf(input, at), Arrays.copyOfRange(other, place(other), other.length));
            }
            default -> Arrays.copyOf(input, at);
        };
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
