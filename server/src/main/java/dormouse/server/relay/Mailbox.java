package dormouse.server.relay;

import java.nio.ByteBuffer;

/**
 * The bytes of one task's answer that its client has not taken yet: a ring that never holds more than the window,
 * however small the pieces in which they come. Grows as needed. One thread may put while another takes.
 */
final class Mailbox {
    private static final int SMALLEST = 1024;

    private final int capacity;
    private byte[] ring = new byte[0];
    private int start;
    private int size;

    Mailbox(int capacity) {
        this.capacity = capacity;
    }

    synchronized int size() {
        return size;
    }

    /** Puts all of {@code data}; false, and nothing is kept, where that is more than there is room for. */
    synchronized boolean put(ByteBuffer data) {
        int length = data.remaining();
        if (length > capacity - size) {
            return false;
        }
        if (length == 0) {
            return true;
        }
        if (size + length > ring.length) {
            grow(size + length);
        }
        int end = (start + size) % ring.length;
        int first = Math.min(length, ring.length - end);
        data.get(ring, end, first);
        data.get(ring, 0, length - first);
        size += length;
        return true;
    }

    /** Takes up to {@code most} bytes. */
    synchronized ByteBuffer take(int most) {
        int length = Math.min(most, size);
        byte[] piece = new byte[length];
        int first = Math.min(length, ring.length - start);
        System.arraycopy(ring, start, piece, 0, first);
        System.arraycopy(ring, 0, piece, first, length - first);
        size -= length;
        start = size == 0 ? 0 : (start + length) % ring.length;
        return ByteBuffer.wrap(piece);
    }

    /** Drops everything. */
    synchronized void clear() {
        ring = new byte[0];
        start = 0;
        size = 0;
    }

    private void grow(int needed) {
        int length = Math.max(SMALLEST, ring.length);
        while (length < needed) {
            length *= 2;
        }
        byte[] larger = new byte[Math.min(length, Math.max(capacity, needed))];
        int first = Math.min(size, ring.length - start);
        System.arraycopy(ring, start, larger, 0, first);
        System.arraycopy(ring, 0, larger, first, size - first);
        ring = larger;
        start = 0;
    }
}
