package spec

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// masked stands in the place of a secret.
const masked = "***"

// secretRE finds names of headers and of query parameters whose values are secrets.
var secretRE = regexp.MustCompile(`(?i)^(authorization|proxy-authorization|cookie|set-cookie)$|^(sig|pass|passwd|pwd|auth|jwt|sid|code)$|api[_-]?key|access[_-]?key|token|secret|signature|password|credential|session|(^|[-_])auth([-_]|$)|private[_-]?key`)

// mask hides the secrets of a spec that has been made into YAML: text under a name that is called like one, be it a header or
// an option of a protocol, and those parts of URLs. Paths of keys stay. name is what n is the value of.
func mask(n *yaml.Node, name string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			mask(n.Content[i+1], n.Content[i].Value)
		}
	case yaml.ScalarNode:
		if n.ShortTag() != "!!str" {
			return
		}
		if secretRE.MatchString(name) {
			n.SetString(masked)
		} else if slices.Contains(urlFields, name) {
			n.SetString(maskURL(n.Value))
		}
	default:
		for _, c := range n.Content {
			mask(c, name)
		}
	}
}

// urlFields are the names of fields that hold URLs, or the part of one that may have a query.
var urlFields = []string{"target", "targets", "uri"}

// maskURL hides the password (or the lone user name, which is often a token) and the secret query values of a URL.
// It changes nothing else, and works on text that is not quite a URL.
func maskURL(text string) string {
	if service, ok := maskService(text); ok {
		return service
	}
	head, query, asked := strings.Cut(text, "?")
	if scheme, rest, ok := strings.Cut(head, "://"); ok {
		authority, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndex(authority, "@"); at >= 0 {
			authority = masked + authority[at:]
		}
		head = scheme + "://" + authority
		if slash {
			head += "/" + path
		}
	}
	if !asked {
		return head
	}
	query, fragment, hash := strings.Cut(query, "#")
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && secretRE.MatchString(plain) {
			pairs[i] = name + "=" + masked
		}
	}
	head += "?" + strings.Join(pairs, "&")
	if hash {
		head += "#" + fragment
	}
	return head
}
