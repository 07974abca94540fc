package search

import (
	"regexp"
	"strings"
)

// maxNormalised bounds what a query leaves in the log, in bytes.
const maxNormalised = 200

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`-----begin [a-z ]+-----.*`), "[key]"},
	{regexp.MustCompile(`\bssh-(rsa|ed25519|dss)\s+\S+|\becdsa-sha2-\S+\s+\S+`), "[key]"},
	{regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*`), "[email]"},
	{regexp.MustCompile(`\b(\d{1,3}\.){3}\d{1,3}(/\d{1,2}|:\d+)?\b`), "[ip]"},
	{regexp.MustCompile(`\b([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b([0-9a-f]{1,4}:){1,6}(:[0-9a-f]{1,4}){1,6}\b|\b([0-9a-f]{1,4}:){2,6}:`), "[ip]"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "[key]"},
	{regexp.MustCompile(`\+?\d([ .\-/]?\d){4,}`), "[number]"},
}

// tokenLike is a run of letters and digits long enough to be a secret.
var tokenLike = regexp.MustCompile(`[a-z0-9_\-+/=.]{20,}`)

// Normalise is the form of a query that may be logged (D-36): lower case, one
// space between words, at most 200 bytes, with e-mail addresses, IP addresses,
// numbers of five digits or more, keys and tokens masked as [email], [ip],
// [number] and [key].
func Normalise(text string) string {
	text = lower(oneLine(clip(text, maxQuery)))
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	text = tokenLike.ReplaceAllStringFunc(text, func(s string) string {
		if strings.ContainsAny(s, "0123456789") {
			return "[key]"
		}
		return s
	})
	if len(text) > maxNormalised {
		text = strings.TrimSpace(clip(text, maxNormalised))
		// A mask cut in half would read as text.
		if i := strings.LastIndexByte(text, '['); i >= 0 && !strings.ContainsRune(text[i:], ']') {
			text = strings.TrimSpace(text[:i])
		}
	}
	return text
}
