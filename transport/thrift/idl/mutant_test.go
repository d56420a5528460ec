package idl_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/iagoloadgen/iago/transport/thrift/idl"
)

// seed is the file whose mutants are judged. It avoids what we and the compiler are
// known to take differently (see the package's comment).
const seed = `
/** A file with some of everything. */
namespace go sample
namespace * any.thing
cpp_include "<vector>"
typedef i32 Number
typedef list<Number> Numbers (cpp.template = "std::list")
enum Color { RED = 1, GREEN, BLUE = 0x10; BLACK } (a = "b")
const i32 LIMIT = 10
const i64 BIG = -5000000000
const double RATIO = 1.5e-3
const string GREETING = 'hello "world"'
const bool YES = true
const Color BEST = Color.GREEN
const list<i32> SOME = [1, LIMIT, Color.RED]
const map<string, i32> NAMED = {"one": 1, GREETING: LIMIT}
struct Point { 1: required double x = RATIO, 2: optional double y; 3: Color color = Color.RED }
const Point ORIGIN = {"x": 0.0, "y": 1}
union Shape { 1: Point point  2: list<Point> line (deprecated) 3: Later later }
struct Later { 1: map<string, set<Color>> colors = {"a": [1, Color.BLUE]} Shape & shape }
exception Oops { 1: string why = GREETING }
exception Worse { 1: i16 code }
service Base { void ping(), oneway void note(1: string text) }
service Draw extends Base {
  Shape draw(1: Point at, 2: list<map<i32, string>> options = [{1: "a"}]) throws (1: Oops oops, 2: Worse worse) (x = "y"),
  binary image(1: i8 a, 2: i32 b = LIMIT, 3: Numbers more);
}
`

var lexeme = regexp.MustCompile(`"[^"]*"|'[^']*'|/\*.*?\*/|[A-Za-z_][\w.]*|0x[0-9a-f]+|[-+]?\d+(?:\.\d+)?(?:e-\d+)?|\S`)

// sort tells names, numbers, strings and symbols apart.
func sort(word string) string {
	switch c := word[0]; {
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return "name"
	case c == '"' || c == '\'':
		return "string"
	case strings.ContainsAny(word, "0123456789"):
		return "number"
	default:
		return "symbol"
	}
}

// mutate deletes, doubles, swaps or replaces one or two lexemes of the seed, the last
// mostly by others of their sort.
func mutate(random *rand.Rand) string {
	words := lexeme.FindAllString(seed, -1)
	pool := append(words, "uuid", "void", "async", "0", "-1", `"x"`, "throws", "extends", "required", "xsd_optional", "(", "[", "{}")
	for range 1 + random.IntN(2) {
		i := random.IntN(len(words) - 1)
		switch random.IntN(9) {
		case 0:
			words = append(words[:i:i], words[i+1:]...)
		case 1:
			words = append(words[:i+1:i+1], words[i:]...)
		case 2:
			words[i], words[i+1] = words[i+1], words[i]
		case 3:
			words[i] = pool[random.IntN(len(pool))]
		default:
			for old := words[i]; ; {
				words[i] = pool[random.IntN(len(pool))]
				if sort(words[i]) == sort(old) {
					break
				}
			}
		}
	}
	return strings.Join(words, " ")
}

// laxer and stricter are the differences to the compiler that we chose.
var (
	// What we accept: keywords as field names and uuid came after 0.17; constants of
	// container types by name, on which the compiler's generators differ.
	laxer = regexp.MustCompile(`last token was '(void|bool|byte|i8|i16|i32|i64|double|string|binary|map|list|set|oneway|async|` +
		`typedef|struct|union|exception|extends|throws|service|enum|const|required|optional|namespace|include|cpp_include)'` +
		`|Type "uuid" not defined|have identifier "(SOME|NAMED)", but unset enum`)
	// What we refuse: values that the compiler drops, or does not check as their type is a
	// typedef, or that cannot be sent.
	stricter = regexp.MustCompile(`does not fit|in brackets|in braces|a union has one field set|stands for itself|expected a value of type Numbers?`)
)

// Mutants of a file are accepted or refused as the compiler does.
func TestMutants(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 17))
	path := write(t, "mutant.thrift", seed)
	if err := compile(t, path); err != nil {
		t.Fatalf("the compiler refuses the seed: %v", err)
	}
	accepted, refused := 0, 0
	for range mutants(t) {
		text := mutate(random)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, ours := idl.Load(path, nil)
		if ours != nil && stricter.MatchString(ours.Error()) {
			continue // and the compiler does not end on some
		}
		theirs := compile(t, path)
		switch {
		case ours == nil && theirs == nil:
			accepted++
		case ours != nil && theirs != nil:
			refused++
		case ours != nil:
			t.Errorf("the compiler accepts it; we say: %v\n%s", ours, text)
		case !laxer.MatchString(theirs.Error()):
			t.Errorf("we accept it; the compiler says: %v\n%s", theirs, text)
		}
	}
	if accepted < 10 || refused < 10 {
		t.Errorf("accepted %d, refused %d: the mutants are all alike", accepted, refused)
	}
}

// mutants returns how many mutants to try; IDL_MUTANTS asks for more.
func mutants(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("IDL_MUTANTS"))
	if os.Getenv("IDL_MUTANTS") == "" {
		return 120
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}
