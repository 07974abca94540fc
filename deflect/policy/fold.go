package policy

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folds is what the letters of Europe's languages become without case and
// accents; other letters go through foldRune.
var folds = func() [0x250]string {
	var table [0x250]string
	for r := range rune(len(table)) {
		table[r] = foldRune(r)
	}
	return table
}()

// foldRune is a letter without case and accents; "" for an accent alone.
func foldRune(r rune) string {
	switch r = unicode.ToLower(r); r {
	case 'œ':
		return "oe"
	case 'æ':
		return "ae"
	case 'ß':
		return "ss"
	case 'ø':
		return "o"
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(string(r)))
}

// fold writes a text in small letters without accents, so that "Réseau
// coupé" and "RESEAU COUPE" are the same. Apostrophes become the straight one.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r < 0x80:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
		case r == '’':
			b.WriteByte('\'')
		case int(r) < len(folds):
			b.WriteString(folds[r])
		default:
			b.WriteString(foldRune(r))
		}
	}
	return b.String()
}

// isWord says whether a folded letter belongs to a word.
func isWord(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// words are the words of a folded text, in order.
func words(folded string) []string {
	out := make([]string, 0, len(folded)/5+1)
	start := -1
	for i, r := range folded {
		switch in := isWord(r); {
		case in && start < 0:
			start = i
		case !in && start >= 0:
			out, start = append(out, folded[start:i]), -1
		}
	}
	if start >= 0 {
		out = append(out, folded[start:])
	}
	return out
}

// The commonest words of each language: enough of them tell in which one a
// message is written.
var commonWords = map[string]string{}

// maxCommon is the length of the longest of them.
const maxCommon = 7

func init() {
	for lang, list := range map[string]string{
		"fr": "le la les un une des du de et est que qui ne pas je nous vous mon ma mes notre nos votre sur pour avec dans depuis plus ce cette bonjour merci ai sont",
		"en": "the a an is are of and to in not my our your we you i it on for with from this that have has been since when hello thanks please can",
	} {
		for _, w := range strings.Fields(list) {
			commonWords[w] = lang
		}
	}
}

// langOf is the language a text is written in when its common words say so by
// two to one, else the one that was said.
func langOf(said string, texts ...[]string) string {
	var fr, en int
	for _, text := range texts {
		for _, w := range text {
			if len(w) > maxCommon {
				continue
			}
			switch commonWords[w] {
			case "fr":
				fr++
			case "en":
				en++
			}
		}
	}
	switch {
	case fr >= 2 && fr >= 2*en:
		return "fr"
	case en >= 2 && en >= 2*fr:
		return "en"
	}
	return said
}
