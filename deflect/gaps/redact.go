package gaps

import (
	"regexp"
	"strings"
)

// masks replace what identifies a person, a machine or a secret by what it is.
// The order matters: the longest forms first.
var masks = []struct {
	find *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)`), "‹key›"},
	{regexp.MustCompile(`(?i)\b[\p{L}\d._%+-]+@[\p{L}\d-]+(\.[\p{L}\d-]+)+`), "‹email›"},
	{regexp.MustCompile(`(?i)\bhttps?://[^\s<>()"]*[?#][^\s<>()"]*`), "‹link›"},
	{regexp.MustCompile(`(?i)\b(authorization|password|passwd|mot de passe|mdp|token|jeton|secret|api[_ -]?key|clé api)(\s*[:=]\s*|\s+(?:is|est)\s+)(bearer\s+)?\S+`), "$1$2‹secret›"},
	{regexp.MustCompile(`\bVM-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}\b`), "‹ticket›"},
	{regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b`), "‹iban›"},
	{regexp.MustCompile(`\b(?:\d[ -]?){12,18}\d\b`), "‹card›"},
	{regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "‹id›"},
	{regexp.MustCompile(`(?i)\b(?:[0-9a-f]{1,4}:){3,7}(?::|[0-9a-f]{1,4})(?::?[0-9a-f]{1,4})*(?:/\d{1,3})?\b`), "‹ip›"},
	{regexp.MustCompile(`(?i)\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4})+::(?:[0-9a-f]{1,4})?(?:/\d{1,3})?`), "‹ip›"},
	{regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`), "‹ip›"},
	{regexp.MustCompile(`(?:\+|\b00)\d{1,3}[ .-]?(?:\(0\)[ .-]?)?\d(?:[ .-]?\d){6,11}\b`), "‹phone›"},
	{regexp.MustCompile(`\b0\d(?:[ .-]?\d{2}){4}\b`), "‹phone›"},
	{regexp.MustCompile(`\b[A-Za-z0-9+/_-]{28,}={0,2}`), "‹key›"},
}

// salutation is a greeting with a name, of which the greeting stays; sign-off
// is where a mail's text ends; thanks are last words with a name behind them:
// up to three capitalised words and initials, and nothing after.
var (
	thanks     = regexp.MustCompile(`((?i:\bmerci(?: d['’]avance| par avance| beaucoup| à vous)?|\bthank you(?: in advance| very much)?|\b(?:many )?thanks(?: in advance| a lot)?)\s*[.,;!…]?)[\s–-]*(?:\p{Lu}[\p{L}'’-]+|\p{Lu}\.)(?:\s+(?:\p{Lu}[\p{L}'’-]+|\p{Lu}\.)){0,2}\s*$`)
	salutation = regexp.MustCompile(`(?im)^(\s*(?:bonjour|bonsoir|salut|cher|chère|hello|hi|hey|dear|good (?:morning|afternoon|evening)))[ \t]+[^\n,!.]{1,60}([,!.]|$)`)
	signOff    = regexp.MustCompile(`(?im)^\s*(?:--\s*$|(?:bien )?cordialement\b|(?:bien |très )?à vous\b|sincères salutations\b|bonne (?:journée|soirée)\b|(?:kind |best |warm )?regards\b|sincerely\b|best wishes\b|cheers\b|yours\b)`)
)

// Redact removes from a text what identifies people, machines and secrets, as
// far as patterns can: addresses, numbers, keys, the names in greeting and
// signature, and the names given. A person reads a draft before it is
// published; what patterns cannot see is theirs to find.
func Redact(text string, names ...string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if at := signOff.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	text = thanks.ReplaceAllString(text, "$1")
	text = salutation.ReplaceAllString(text, "$1$2")
	for _, m := range masks {
		text = m.find.ReplaceAllString(text, m.by)
	}
	for _, name := range names {
		for _, part := range strings.Fields(name) {
			if len([]rune(part)) < 3 {
				continue
			}
			re, err := regexp.Compile(`(?i)(^|[^\p{L}\d])` + regexp.QuoteMeta(part) + `($|[^\p{L}\d])`)
			if err != nil { // quoted text always compiles
				continue
			}
			text = re.ReplaceAllString(text, "$1‹name›$2")
		}
	}
	return strings.TrimSpace(text)
}
