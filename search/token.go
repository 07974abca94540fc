package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word of a text: lower case, ligatures opened, accents kept.
type token struct {
	text       string
	start, end int  // bytes of the text it was cut from
	chunk      int  // where its chunk, a run without spaces, starts
	pos        int  // number of the word; the whole and the parts of a compound share theirs
	elided     bool // what elision leaves out: the "l" of "l'instance", the "m" of "I'm"
	whole      bool // a technical token or a compound as it was written: /etc/fstab, c2-15, sousdomaine
}

const (
	maxWord  = 48 // bytes; a longer run of letters is base64, not a word
	maxWhole = 80 // bytes of a technical token
)

// tokenize cuts text into words and calls emit for each, in order. A chunk
// without spaces is a compound: its parts are words, and it is also emitted
// whole when it is technical ("/etc/fstab", "ERR_CONNECTION_REFUSED",
// "C2-15") or hyphenated ("sous-domaine" as "sousdomaine").
func (a *analyzer) tokenize(text string, emit func(token)) {
	a.scan(text, func(t token) {
		if !t.elided {
			emit(t)
		}
	})
}

// scan is tokenize with the elided words too.
func (a *analyzer) scan(text string, emit func(token)) {
	pos := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !chunkRune(r) {
			i += size
			continue
		}
		j := i
		for j < len(text) {
			r, size := utf8.DecodeRuneInString(text[j:])
			if !chunkRune(r) {
				break
			}
			j += size
		}
		pos = a.chunk(text, i, j, pos, emit)
		i = j
	}
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// chunkRune says whether r may stand inside a compound.
func chunkRune(r rune) bool {
	switch r {
	case '-', '_', '.', '/', '@', ':', '\'', '’', '+', '#', '~', '‐', '‑':
		return true
	}
	return wordRune(r)
}

// chunk emits the tokens of text[i:j], which has no spaces in it.
func (a *analyzer) chunk(text string, i, j, pos int, emit func(token)) int {
	var spans [24][2]int
	n := 0
	for k := i; k < j; {
		r, size := utf8.DecodeRuneInString(text[k:])
		if !wordRune(r) {
			k += size
			continue
		}
		s := k
		k = wordEnd(text, k, j)
		if n == len(spans) { // a data dump, not a compound: flush its words
			pos = a.parts(text, i, spans[:n], pos, emit)
			n = 0
		}
		spans[n] = [2]int{s, k}
		n++
	}
	if n == 0 {
		return pos
	}
	first := pos
	pos = a.parts(text, i, spans[:n], pos, emit)
	if w, s, e := a.compound(text, i, spans[:n]); w != "" {
		emit(token{text: w, start: s, end: e, chunk: i, pos: first, whole: true})
	}
	return pos
}

// wordEnd is where the word ends that text[k:j] starts with.
func wordEnd(text string, k, j int) int {
	for k < j {
		c := text[k]
		if c < utf8.RuneSelf {
			if !asciiWord[c] {
				return k
			}
			k++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[k:])
		if !wordRune(r) {
			return k
		}
		k += size
	}
	return k
}

// asciiWord are the ASCII characters that wordRune takes.
var asciiWord = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = wordRune(rune(c))
	}
	return t
}()

// parts emits the words of a compound, less what elision puts before or after
// an apostrophe.
func (a *analyzer) parts(text string, chunk int, spans [][2]int, pos int, emit func(token)) int {
	for k, sp := range spans {
		w := text[sp[0]:sp[1]]
		if len(w) > maxWord {
			pos++
			continue
		}
		w = lower(w)
		if k+1 < len(spans) && apostrophe(text[sp[1]:spans[k+1][0]]) && a.elision[w] {
			emit(token{text: w, start: sp[0], end: sp[1], chunk: chunk, pos: pos, elided: true})
			continue
		}
		if k > 0 && apostrophe(text[spans[k-1][1]:sp[0]]) && a.suffix[w] {
			emit(token{text: w, start: sp[0], end: sp[1], chunk: chunk, pos: pos, elided: true})
			continue
		}
		emit(token{text: w, start: sp[0], end: sp[1], chunk: chunk, pos: pos})
		pos++
	}
	return pos
}

func apostrophe(s string) bool { return s == "'" || s == "’" }

// compound is the whole form of a chunk, "" when its parts say it all.
func (a *analyzer) compound(text string, from int, spans [][2]int) (string, int, int) {
	s, e := spans[0][0], spans[len(spans)-1][1]
	slash := s > from && text[s-1] == '/'
	if slash { // an absolute path keeps its slash
		s--
		if s > from && text[s-1] == '~' {
			s--
		}
	}
	if len(spans) < 2 && !slash || e-s > maxWhole {
		return "", 0, 0
	}
	hyphens, apostrophes, technical := 0, 0, slash
	for k := 1; k < len(spans); k++ {
		switch gap := text[spans[k-1][1]:spans[k][0]]; gap {
		case "-", "‐", "‑":
			hyphens++
		case "'", "’":
			apostrophes++
		case ".", "_", ":", "@", "::", "--":
			technical = true
		}
	}
	w := lower(text[s:e])
	if hyphens == len(spans)-1 && !strings.ContainsAny(w, "0123456789") {
		last := spans[len(spans)-1]
		if len(spans) > 3 || a.clitic[lower(text[last[0]:last[1]])] { // "y-a-t-il", "peut-on": phrases
			return "", 0, 0
		}
		return strings.NewReplacer("-", "", "‐", "", "‑", "").Replace(w), s, e
	}
	if apostrophes > 0 || !technical && hyphens == 0 {
		return "", 0, 0
	}
	return w, s, e
}

// lower is the lower-case form with œ and æ opened and composed accents.
func lower(s string) string {
	ascii, low := true, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
		if 'A' <= c && c <= 'Z' {
			low = false
		}
	}
	if ascii {
		if low {
			return s
		}
		return strings.ToLower(s)
	}
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	s = strings.ToLower(s)
	if strings.ContainsAny(s, "œæ") {
		s = ligatures.Replace(s)
	}
	return s
}

var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae")

// fold takes the accents off: "accès" and "acces" become the same word.
func fold(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
