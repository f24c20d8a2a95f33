package dormouse.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Columns padded with blanks, for a person: two blanks between columns, none at the end of a line. */
final class Table {
    private final List<List<String>> rows = new ArrayList<>();
    private @Nullable Map<String, String> colours;

    Table(List<String> head) {
        rows.add(head);
    }

    /** An empty cell is written as {@code -}, so that columns can be counted by a program too. */
    void add(List<String> cells) {
        if (cells.size() != rows.get(0).size()) {
            throw new IllegalArgumentException("a row of " + cells.size() + " cells under " + rows.get(0));
        }
        rows.add(cells.stream()
                .map(cell -> cell.isEmpty() ? "-" : Printable.line(cell))
                .toList());
    }

    /** Colours the cells that are exactly one of these words; widths are not touched. */
    Table colour(Map<String, String> byWord) {
        this.colours = byWord;
        return this;
    }

    /** The lines, the head first, each cut to {@code columns} characters. */
    List<String> lines(int columns) {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row.get(i)));
            }
        }
        return rows.stream().map(row -> line(row, widths, columns)).toList();
    }

    void print(Output out) {
        lines(Integer.MAX_VALUE).forEach(out::println);
    }

    private String line(List<String> row, int[] widths, int columns) {
        StringBuilder line = new StringBuilder();
        int room = columns;
        for (int i = 0; i < widths.length && room > 0; i++) {
            String cell = cut(row.get(i), room);
            String colour = colours == null ? null : colours.get(cell);
            line.append(colour == null ? cell : colour + cell + Ansi.RESET);
            room -= width(cell);
            if (i < widths.length - 1) {
                int gap = Math.min(room, widths[i] + 2 - width(cell));
                line.append(" ".repeat(gap));
                room -= gap;
            }
        }
        return line.toString().stripTrailing();
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }

    private static String cut(String text, int columns) {
        return width(text) <= columns ? text : text.substring(0, text.offsetByCodePoints(0, columns));
    }
}
