package dormouse.agent;

import com.google.protobuf.ByteString;

/** An agent's lasting identity on the server, and the proof that it is its own. */
record Session(String id, ByteString resumeToken) {
    /** Without the token. */
    @Override
    public String toString() {
        return id;
    }
}
