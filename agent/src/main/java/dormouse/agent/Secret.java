package dormouse.agent;

/** A value that no log and no message shows. */
public record Secret(String value) {
    @Override
    public String toString() {
        return "(secret)";
    }
}
