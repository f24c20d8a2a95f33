package dormouse.agent;

/** Which Dormouse this is. */
final class Version {
    private Version() {}

    /** From the jar's manifest; {@code dev} outside a jar. */
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
