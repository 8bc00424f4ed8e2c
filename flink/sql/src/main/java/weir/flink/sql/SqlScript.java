package weir.flink.sql;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/**
 * A file of SQL statements, each ended by a semicolon, that knows on which line each begins.
 *
 * <p>{@code ${key}} in it is the whole number that the property group {@code application} has under that key.
 */
record SqlScript(String file, List<Statement> statements) {
    private static final Pattern SETTING = Pattern.compile("\\$\\{([a-z.-]+)}");
    /** What the parser and the validator say of a place: "at line 3, column 7", "From line 3, column 7 to …". */
    private static final Pattern PLACE = Pattern.compile("(?i)\\bline (\\d+)");

    /**
     * @param line of the file on which it begins, from 1
     */
    record Statement(int line, String text) {
        boolean inserts() {
            return text.stripLeading().toUpperCase().startsWith("INSERT");
        }
    }

    /** @throws ConfigurationException where the jar has no such file, or a setting it names is missing or no number */
    static SqlScript read(String file, PropertyGroup settings) {
        try (InputStream content = SqlScript.class.getResourceAsStream("/sql/" + file)) {
            if (content == null) {
                throw new ConfigurationException("flink/sql/" + file + " is not in the application's jar");
            }
            return of(file, new String(content.readAllBytes(), StandardCharsets.UTF_8), settings);
        } catch (IOException error) {
            throw new ConfigurationException("flink/sql/" + file + " cannot be read: " + error.getMessage(), error);
        }
    }

    static SqlScript of(String file, String text, PropertyGroup settings) {
        Matcher setting = SETTING.matcher(text);
        String said = setting.replaceAll(found -> String.valueOf(settings.number(found.group(1), 0)));
        return new SqlScript(file, split(said));
    }

    /** The error of a statement, with file and line: {@code flink/sql/30-service.sql:12: …}. */
    ConfigurationException wrong(Statement statement, Throwable error) {
        Matcher place = PLACE.matcher(told(error));
        int line = statement.line() + (place.find() ? Integer.parseInt(place.group(1)) - 1 : 0);
        return new ConfigurationException("flink/sql/" + file + ":" + line + ": " + told(error), error);
    }

    /** What is said of a place in the statement, or what it all began with. */
    static String told(Throwable error) {
        String message = String.valueOf(error.getMessage());
        return PLACE.matcher(message).find() || error.getCause() == null ? message : told(error.getCause());
    }

    private static List<Statement> split(String text) {
        List<Statement> statements = new ArrayList<>();
        int start = 0;
        for (int at = 0; at < text.length(); at++) {
            char here = text.charAt(at);
            if (here == '\'' || here == '`') {
                at = endOf(text, at + 1, String.valueOf(here));
            } else if (text.startsWith("--", at)) {
                at = endOf(text, at, "\n");
                if (text.substring(start, Math.min(at, text.length())).stripLeading().startsWith("--")) {
                    start = at; // A comment before a statement is none of it.
                }
            } else if (here == ';') {
                add(statements, text, start, at);
                start = at + 1;
            }
        }
        add(statements, text, start, text.length());
        return statements;
    }

    private static int endOf(String text, int from, String end) {
        int at = text.indexOf(end, from);
        return at < 0 ? text.length() : at;
    }

    private static void add(List<Statement> statements, String text, int start, int end) {
        int first = start;
        while (first < end && Character.isWhitespace(text.charAt(first))) {
            first++;
        }
        if (first < end) {
            int line = 1 + (int) text.substring(0, first).chars().filter(each -> each == '\n').count();
            statements.add(new Statement(line, text.substring(first, end).stripTrailing()));
        }
    }
}
