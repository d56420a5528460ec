package launch

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
)

// Name makes of a job's name one that every engine takes: small letters, digits and -, a letter first, at most so many bytes (12 at
// least). A name that had to be changed gets a hash of what it was, so that different jobs stay different.
func Name(job string, most int) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(job)) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" || name[0] < 'a' {
		name = strings.TrimRight("job-"+name, "-")
	}
	if name == job && len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(job))
	hash := hex.EncodeToString(sum[:3])
	if room := most - len(hash) - 1; len(name) > room {
		name = strings.TrimRight(name[:room], "-")
	}
	return name + "-" + hash
}

// plain tells whether a name has letters, digits, - and _ only.
func plain(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	return name != "" && strings.Trim(name, letters) == ""
}

// split gives the parts of a list with commas; none of an empty one.
func split(list string) iter.Seq[string] {
	if list == "" {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(list, ",")
}
