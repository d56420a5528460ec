import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Makes requests of access log records for Iago (docs/exec-protocol.md), and looks at the responses if it is given them.
 * One file, nothing to build: <code>java Echo.java</code>. Change requestsOf and responseOf; the rest is the protocol.
 */
public class Echo {
    /** A record's requests; none leave it out, IllegalArgumentException counts it as bad. */
    static List<Object> requestsOf(Map<String, Object> record) {
        String uri = (String) record.get("uri");
        if (uri == null) throw new IllegalArgumentException("it has no URI");
        if (uri.endsWith(".png") || uri.endsWith(".ico")) return List.of();
        List<Object> headers = new ArrayList<>((List<?>) record.getOrDefault("headers", List.of()));
        headers.add(List.of("X-Echo", record.get("line").toString()));
        String[] segments = uri.split("\\?")[0].split("/");
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("method", record.getOrDefault("method", "GET"));
        request.put("uri", uri);
        request.put("headers", headers);
        request.put("label", segments.length > 1 ? segments[1] : "home");
        request.put("tag", record.get("line")); // comes back with the response
        return List.of(request);
    }

    /** Checks by name, and requests to be made now that there is this response. */
    static void responseOf(Map<String, Object> response, Map<String, Boolean> checks, List<Object> followUps) {
        checks.put("status 200", Long.valueOf(200).equals(response.get("code")));
        long line = (Long) response.get("tag");
        if (response.get("depth").equals(0L) && line % 10 == 0) {
            followUps.add(Map.of("uri", "/again", "think_ms", 50, "tag", line));
        }
    }

    public static void main(String[] args) throws IOException {
        // Standard output is for answers only; whatever else there is to say goes to standard error.
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8), 1 << 16);
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, UTF_8), 1 << 16);
        Map<String, Object> hello = Json.object(in.readLine());
        if (!hello.get("iago").equals(1L)) throw new IOException("this program speaks version 1 of the protocol");
        say(out, Map.of("iago", 1, "name", "Echo.java", "responses", hello.get("responses")));
        out.flush();
        for (String line; (line = in.readLine()) != null; ) {
            say(out, answer(Json.object(line)));
            if (!in.ready()) out.flush(); // nothing more to read just now: one write for a batch
        }
        out.flush();
    }

    static Map<String, Object> answer(Map<String, Object> message) {
        Map<String, Object> answer = new LinkedHashMap<>();
        if (message.containsKey("record")) {
            answer.put("record", message.get("record"));
            try {
                answer.put("requests", requestsOf(message));
            } catch (IllegalArgumentException e) {
                answer.put("bad", e.getMessage());
            }
            return answer;
        }
        Map<String, Boolean> checks = new LinkedHashMap<>();
        List<Object> followUps = new ArrayList<>();
        responseOf(message, checks, followUps);
        answer.put("response", message.get("response"));
        answer.put("checks", checks);
        answer.put("followups", followUps);
        return answer;
    }

    static void say(BufferedWriter out, Map<String, Object> message) throws IOException {
        StringBuilder text = new StringBuilder();
        Json.append(text, message);
        out.append(text).append('\n');
    }

    /** As much of JSON as a line of Iago's needs, since Java has none of its own. A real program would take a library. */
    static class Json {
        private final String text;
        private int at;

        private Json(String text) { this.text = text; }

        @SuppressWarnings("unchecked")
        static Map<String, Object> object(String line) { return (Map<String, Object>) new Json(line).value(); }

        private char peek() {
            while (Character.isWhitespace(text.charAt(at))) at++;
            return text.charAt(at);
        }

        /** Steps over a bracket, comma or colon, and tells whether it was c. */
        private boolean step(char c) {
            if (peek() != c) return false;
            at++;
            return true;
        }

        private Object value() {
            switch (peek()) {
                case '{': return members();
                case '[': return elements();
                case '"': return string();
                case 't': at += 4; return true;
                case 'f': at += 5; return false;
                case 'n': at += 4; return null;
                default: return number();
            }
        }

        private Map<String, Object> members() {
            Map<String, Object> map = new LinkedHashMap<>();
            step('{');
            while (!step('}')) {
                String name = string();
                step(':');
                map.put(name, value());
                step(',');
            }
            return map;
        }

        private List<Object> elements() {
            List<Object> list = new ArrayList<>();
            step('[');
            while (!step(']')) {
                list.add(value());
                step(',');
            }
            return list;
        }

        private Object number() {
            int from = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String digits = text.substring(from, at);
            if (digits.matches("-?[0-9]{1,18}")) return Long.valueOf(digits);
            return Double.valueOf(digits);
        }

        private String string() {
            step('"');
            StringBuilder s = new StringBuilder();
            for (char c; (c = text.charAt(at++)) != '"'; ) {
                if (c != '\\') {
                    s.append(c);
                    continue;
                }
                c = text.charAt(at++);
                if (c == 'u') {
                    s.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    int escape = "bfnrt".indexOf(c);
                    s.append(escape < 0 ? c : "\b\f\n\r\t".charAt(escape));
                }
            }
            return s.toString();
        }

        static void append(StringBuilder out, Object value) {
            if (value instanceof String) {
                quote(out, (String) value);
            } else if (value instanceof List) {
                String before = "[";
                for (Object element : (List<?>) value) {
                    append(out.append(before), element);
                    before = ",";
                }
                out.append(before.equals("[") ? "[]" : "]");
            } else if (value instanceof Map) {
                String before = "{";
                for (Map.Entry<?, ?> e : ((Map<?, ?>) value).entrySet()) {
                    quote(out.append(before), (String) e.getKey());
                    append(out.append(':'), e.getValue());
                    before = ",";
                }
                out.append(before.equals("{") ? "{}" : "}");
            } else {
                out.append(value);
            }
        }

        static void quote(StringBuilder out, String s) {
            out.append('"');
            for (int i = 0; i < s.length(); i++) {
                char c = s.charAt(i);
                if (c == '"' || c == '\\') out.append('\\').append(c);
                else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
                else out.append(c);
            }
            out.append('"');
        }
    }
}
