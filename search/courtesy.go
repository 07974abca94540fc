package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A message is addressed and signed with names. No article has them, so that
// they would make every signed question look like one that nothing answers.

const (
	maxName      = 7  // words of a name, with its title and particles
	maxSignature = 6  // lines after the name: position, company, telephone
	maxSigned    = 6  // words of such a line
	maxOpenings  = 20 // places in a message at which names are looked for
)

// withoutNames blanks the names after a greeting ("Hi Paul,") and at the end
// of a message ("Thanks, Zoé", "Cordialement" and a signature below), as the
// lexicon's openings and closings tell them. A word that the articles or the
// lexicon know is a name only beside one that they do not.
func (v *view) withoutNames(text string) string {
	c := courtesy{view: v, text: text}
	v.analyzer.scan(text, func(t token) {
		if !t.whole {
			c.words = append(c.words, t)
		}
	})
	c.noise = v.lexicon.noisePhrases(c.words)
	tries := 0
	for i := 0; i < len(c.words) && tries < maxOpenings; i++ {
		w := fold(c.words[i].text)
		if n := longest(v.lexicon.openings[w], c.words[i+1:]); n >= 0 {
			tries++
			c.after(i + 1 + n)
		}
		if n := longest(v.lexicon.closings[w], c.words[i+1:]); n >= 0 {
			tries++
			c.closed(i, i+1+n)
		}
	}
	c.lastLine()
	if c.blank == nil {
		return text
	}
	return string(c.blank)
}

// longest is the most words that one of the phrases takes after its first, -1
// when none stands there.
func longest(phrases [][]string, toks []token) int {
	n := -1
	for _, rest := range phrases {
		n = max(n, matchWords(toks, rest))
	}
	return n
}

// courtesy looks for the names in one message.
type courtesy struct {
	*view
	text  string
	words []token
	noise []bool // which of them belong to a phrase without meaning
	blank []byte // the text without them; nil before the first is found
}

// gap is what stands between word i and the one before it, or the ends of the
// text.
func (c *courtesy) gap(i int) string {
	from, to := 0, len(c.text)
	if i > 0 {
		from = c.words[i-1].end
	}
	if i < len(c.words) {
		to = c.words[i].start
	}
	return c.text[from:max(from, to)]
}

// after takes the name that follows an opening on its line.
func (c *courtesy) after(k int) {
	if strings.Trim(c.gap(k), " \t\u00a0\u202f") == "" {
		c.drop(k, c.name(k, true))
	}
}

// closed takes the name that follows the closing of the words from i up to k,
// and the signature below it. What thanks are for belongs to the closing:
// "thanks for your help, Zoe".
func (c *courtesy) closed(i, k int) {
	for k < len(c.words) && !strings.ContainsAny(c.gap(k), ".!?;:,\n") && !c.capital(k) && (c.noise[k] || c.empty(k)) {
		k++
	}
	if strings.ContainsRune(c.gap(k), '?') {
		return
	}
	end := c.name(k, false)
	if end == k {
		return
	}
	c.drop(k, end)
	if strings.ContainsRune(c.gap(end), '\n') && c.asked(i) && c.signature(end) {
		c.drop(end, len(c.words))
	}
}

// lastLine takes a name that stands alone under a message.
func (c *courtesy) lastLine() {
	k := len(c.words) - 1
	for k > 0 && !strings.ContainsRune(c.gap(k), '\n') {
		k--
	}
	if k <= 0 || len(c.words)-k > 3 || !c.capital(k) {
		return
	}
	if gap := c.gap(k); strings.Count(gap, "\n") > 1 || strings.ContainsAny(gap, ".!?") {
		c.drop(k, c.name(k, false))
	}
}

// name is where the name ends that starts with word k; k when there is none.
// The sentence may go on behind an introduction: "my name is Zoe and ...".
func (c *courtesy) name(k int, goesOn bool) int {
	end, unknown, mixed := k, false, false
	for ; end < len(c.words) && end-k < maxName; end++ {
		if end > k && !inName(c.gap(end), c.words[end-1].text) {
			break
		}
		if end > k && !c.capital(end) && !particles[c.words[end].text] {
			break
		}
		unknown = unknown || !c.knows(end)
		mixed = mixed || c.mixed(end)
	}
	if end == k || !unknown || !mixed && end > k+1 {
		return k
	}
	if end < len(c.words) && inName(c.gap(end), c.words[end-1].text) && !(goesOn && mixed && c.empty(end)) {
		return k // a sentence that begins with a capital
	}
	return end
}

// particles join the words of a name.
var particles = map[string]bool{"de": true, "du": true, "des": true, "d": true, "la": true, "le": true, "van": true, "von": true, "der": true, "den": true, "di": true, "da": true}

// inName says whether what stands between two words may be inside a name:
// spaces, a hyphen, an apostrophe, the dot of "M." or "J.".
func inName(gap, before string) bool {
	if strings.HasPrefix(gap, ".") && utf8.RuneCountInString(before) <= 3 {
		gap = gap[1:]
	}
	return strings.Trim(gap, " \t\u00a0\u202f'’-‐‑") == ""
}

// asked says whether something was asked before word k: what stands below
// early thanks may be the question.
func (c *courtesy) asked(k int) bool {
	known := 0
	for i := range k {
		if !c.noise[i] && !c.empty(i) && c.knows(i) {
			known++
		}
	}
	return known >= 2
}

// signature says whether all lines from word k on are short and ask nothing.
func (c *courtesy) signature(k int) bool {
	lines, words := 1, 0
	for i := k; i < len(c.words); i++ {
		gap := c.gap(i)
		switch {
		case strings.ContainsRune(gap, '?'):
			return false
		case strings.ContainsRune(gap, '\n'):
			lines, words = lines+1, 1
		default:
			words++
		}
		if lines > maxSignature+1 || words > maxSigned {
			return false
		}
	}
	return !strings.ContainsRune(c.gap(len(c.words)), '?')
}

// drop blanks the words from k up to end.
func (c *courtesy) drop(k, end int) {
	if end <= k {
		return
	}
	if c.blank == nil {
		c.blank = []byte(c.text)
	}
	for i := c.words[k].start; i < c.words[end-1].end; i++ {
		if c.blank[i] != '\n' {
			c.blank[i] = ' '
		}
	}
}

// capital says whether word i was written with a capital first letter.
func (c *courtesy) capital(i int) bool {
	r, _ := utf8.DecodeRuneInString(c.text[c.words[i].start:])
	return unicode.IsUpper(r)
}

// mixed says whether small letters follow it.
func (c *courtesy) mixed(i int) bool {
	w := c.text[c.words[i].start:c.words[i].end]
	return c.capital(i) && strings.IndexFunc(w, unicode.IsLower) > 0
}

// empty says whether word i carries no meaning.
func (c *courtesy) empty(i int) bool {
	w := c.words[i].text
	f := fold(w)
	return c.lexicon.noise[f] || c.analyzer.function[w] || c.analyzer.function[f] || c.analyzer.term(w) == ""
}

// knows says whether word i is one of the articles or of the lexicon.
func (c *courtesy) knows(i int) bool {
	w := c.words[i].text
	if c.empty(i) || c.vocab.df(fold(w)) > 0 {
		return true
	}
	_, ok := c.lexicon.rules[c.analyzer.term(w)]
	return ok
}
