package dormouse.settings;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds the key that was probably meant: the edit distance, in which a swap of neighbours counts as one edit. */
final class Nearest {
    private Nearest() {}

    /** What to say after "unknown key": a suggestion where one is near, and all that is known, nearest first. */
    static String hint(String word, Collection<String> known) {
        List<String> nearest = known.stream()
                .sorted(Comparator.<String>comparingInt(key -> distance(word, key))
                        .thenComparing(key -> key))
                .toList();
        if (nearest.isEmpty()) {
            return "";
        }
        String meant = close(word, nearest.get(0)) ? ", did you mean \"" + nearest.get(0) + "\"?" : "";
        return meant + " (known here: " + String.join(", ", nearest) + ")";
    }

    /** Whether one is a likely slip for the other: about a third of the letters, or one begins like the other. */
    private static boolean close(String word, String key) {
        String a = word.toLowerCase(Locale.ROOT);
        String b = key.toLowerCase(Locale.ROOT);
        return distance(word, key) <= Math.max(1, Math.min(a.length(), b.length()) / 3)
                || a.startsWith(b)
                || b.startsWith(a);
    }

    static int distance(String one, String other) {
        String a = one.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                cost[i][j] = Math.min(cost[i - 1][j - 1] + change, Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
