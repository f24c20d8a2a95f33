package dormouse.server.fleet;

/** Makes copies of the whole database while it is used. */
public interface BackupStore {
    /** One that is made, to be handed over piece by piece. One thread at a time; every method may block. */
    interface Copy extends AutoCloseable {
        /** How many bytes it has. */
        long bytes();

        /**
         * The next bytes of it; none after the last.
         *
         * @throws StoreException where it can't be read
         */
        byte[] next();

        /** It is gone. Idempotent. */
        @Override
        void close();
    }

    /**
     * A copy of one moment after the call began: what was acknowledged before is in it. Blocks.
     *
     * @throws StoreException where it can't be made
     * @throws UnsupportedOperationException saying what to do, where this database is copied by other means
     */
    Copy copy();
}
