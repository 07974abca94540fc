package markdown

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters that decomposition leaves whole.
var ligatures = strings.NewReplacer("œ", "oe", "Œ", "oe", "æ", "ae", "Æ", "ae", "ß", "ss", "ø", "o", "Ø", "o", "ł", "l", "Ł", "l", "đ", "d", "Đ", "d")

// Slug makes an anchor or URL segment from a text: lower case, accents folded,
// everything that is neither letter nor digit turned into single hyphens ("Où
// trouver l'adresse" -> "ou-trouver-l-adresse"). It is "" when the text has
// neither.
func Slug(s string) string {
	if out, ok := asciiSlug(s); ok {
		return out
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range norm.NFD.String(ligatures.Replace(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		default:
			gap = true
		}
	}
	return b.String()
}

// asciiSlug is Slug for the usual case, without the detour over Unicode
// decomposition; ok is false when s is not ASCII.
func asciiSlug(s string) (out string, ok bool) {
	b := make([]byte, 0, len(s))
	gap := false
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 0x80:
			return "", false
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
			fallthrough
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			if gap && len(b) > 0 {
				b = append(b, '-')
			}
			gap = false
			b = append(b, c)
		default:
			gap = true
		}
	}
	return string(b), true
}

// anchors hands out ids that are unique in one article: the second "setup"
// is "setup-2".
type anchors map[string]int

func (a anchors) unique(id string) string {
	if id == "" {
		id = "section"
	}
	for {
		a[id]++
		n := a[id]
		if n == 1 {
			return id
		}
		if next := id + "-" + strconv.Itoa(n); a[next] == 0 {
			a[next] = 1
			return next
		}
	}
}
