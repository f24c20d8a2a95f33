package dormouse.agent;

/** Whether a backend answers, and what was seen, for a person. */
record Availability(boolean up, String detail) {
    static Availability yes(String detail) {
        return new Availability(true, detail);
    }

    static Availability no(String detail) {
        return new Availability(false, detail);
    }
}
