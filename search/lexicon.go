package search

import (
	"embed"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/vmcloud/ricochet/internal/errs"
)

//go:embed lexicon
var builtin embed.FS

func builtinLexicons() fs.FS {
	sub, err := fs.Sub(builtin, "lexicon")
	if err != nil { // the name is a constant that embed has checked
		panic(err)
	}
	return sub
}

// lexiconFile is a lexicon as authors write it.
type lexiconFile struct {
	Version int `yaml:"version"`
	Noise   struct {
		Phrases []string `yaml:"phrases"` // carry no meaning anywhere in a message
		Words   []string `yaml:"words"`   // dropped in messages, kept when nothing else is left

		// What a name may follow: greetings and introductions on the same line,
		// farewells and thanks with a signature below as well.
		Openings []string `yaml:"openings"`
		Closings []string `yaml:"closings"`
	} `yaml:"noise"`
	Groups []lexiconGroup `yaml:"groups"`
}

// lexiconGroup is either All (two-way: each means the others) or From and To
// (one-way: who types one of From also means each of To).
type lexiconGroup struct {
	All  []string `yaml:"all,omitempty"`
	From []string `yaml:"from,omitempty"`
	To   []string `yaml:"to,omitempty"`
}

// lexicon is a lexicon ready for queries: phrases as terms of the analyzer.
type lexicon struct {
	noise   map[string]bool       // folded words
	phrases map[string][][]string // first folded word -> rest of the phrase
	rules   map[string][]rule     // first term -> rules, longest first

	openings, closings map[string][][]string // like phrases: what names follow
}

// rule widens a phrase of the query.
type rule struct {
	from  []string
	words []string // the folded words as well, when the terms alone would say something else: "sans serveur"
	at    int      // which of words the first term is
	to    []target
}

// target is what a phrase also means.
type target struct {
	text  string
	terms []string
}

// maxLexicon bounds a lexicon file; ours are a tenth of it.
const maxLexicon = 4 << 20

// readLexicon reads lang's file from override, else from the built-in ones. A
// language without a file has an empty lexicon.
func readLexicon(override fs.FS, lang string) (*lexiconFile, []byte, error) {
	var data []byte
	err := fs.ErrNotExist
	if override != nil {
		data, err = fs.ReadFile(override, lang+".yaml")
	}
	if errors.Is(err, fs.ErrNotExist) {
		data, err = fs.ReadFile(builtinLexicons(), lang+".yaml")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &lexiconFile{Version: 1}, nil, nil
	}
	if err != nil {
		return nil, nil, errs.Newf(errs.Invalid, "", "lexicon %s.yaml: %w", lang, err)
	}
	f, err := parseLexicon(lang+".yaml", data)
	return f, data, err
}

func parseLexicon(name string, data []byte) (*lexiconFile, error) {
	if len(data) > maxLexicon {
		return nil, errs.Newf(errs.Invalid, "", "lexicon %s: %d bytes, at most %d are read", name, len(data), maxLexicon)
	}
	var f lexiconFile
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return nil, errs.Newf(errs.Invalid, "", "lexicon %s: %w", name, err)
	}
	if f.Version != 1 {
		return nil, errs.Newf(errs.Invalid, "", "lexicon %s: version %d is not known, write version: 1", name, f.Version)
	}
	return &f, nil
}

func loadLexicon(override fs.FS, lang string, a *analyzer) (*lexicon, error) {
	f, _, err := readLexicon(override, lang)
	if err != nil {
		return nil, err
	}
	return f.compile(a), nil
}

func (f *lexiconFile) compile(a *analyzer) *lexicon {
	l := &lexicon{noise: map[string]bool{}, phrases: a.phraseMap(f.Noise.Phrases), openings: a.phraseMap(f.Noise.Openings), closings: a.phraseMap(f.Noise.Closings), rules: make(map[string][]rule, 2*len(f.Groups))}
	for _, w := range f.Noise.Words {
		l.noise[fold(lower(strings.TrimSpace(w)))] = true
	}
	c := &compiler{lexicon: l, a: a, known: make(map[string]*phraseForms, 4*len(f.Groups))}
	for _, g := range f.Groups {
		for i, p := range g.All {
			c.add(p, g.All, i)
		}
		for _, p := range g.From {
			c.add(p, g.To, -1)
		}
	}
	return l
}

// phraseMap is phrases by their first folded word: the rest of each.
func (a *analyzer) phraseMap(phrases []string) map[string][][]string {
	out := map[string][][]string{}
	for _, p := range phrases {
		var words []string
		a.scan(p, func(t token) {
			if !t.whole {
				words = append(words, fold(t.text))
			}
		})
		if len(words) > 0 {
			out[words[0]] = append(out[words[0]], words[1:])
		}
	}
	return out
}

// compiler makes the rules of a lexicon. A phrase is analysed once, in however
// many groups and pairs it stands.
type compiler struct {
	*lexicon
	a     *analyzer
	known map[string]*phraseForms
}

// phraseForms is a phrase analysed.
type phraseForms struct {
	keys    [][]string // by which it may be typed
	terms   []string   // as index terms; a compound counts once
	words   []string   // folded, stop words included
	each    []string   // the terms of words, "" for a stop word
	negated bool       // has a word that turns it into its opposite
}

func (c *compiler) forms(text string) *phraseForms {
	f := c.known[text]
	if f == nil {
		f = &phraseForms{keys: c.keys(c.a, text), terms: c.a.phrase(text)}
		f.words, f.each = c.a.wordsAndTerms(text)
		f.negated = slices.ContainsFunc(f.words, func(w string) bool { return c.a.negation[w] })
		c.known[text] = f
	}
	return f
}

// add makes the rules by which a phrase also means others, less the one at
// number but; merged with rules for the same terms.
func (c *compiler) add(from string, to []string, but int) {
	f := c.forms(from)
	for _, key := range f.keys {
		r := rule{from: key}
		if len(key) == 1 && len(f.words) > 1 && !strings.Contains(from, "-") {
			r.words, r.at = f.words, slices.Index(f.each, key[0])
			if r.at < 0 {
				continue
			}
		}
		var targets []target
		for i, t := range to {
			if i == but {
				continue
			}
			// Without its "without" a phrase would say the opposite.
			if other := c.forms(t); !other.negated && len(other.terms) > 0 && !slices.Equal(other.terms, key) {
				targets = append(targets, target{text: t, terms: other.terms})
			}
		}
		if len(targets) == 0 {
			continue
		}
		rules := c.rules[key[0]]
		i := slices.IndexFunc(rules, func(x rule) bool { return slices.Equal(x.from, r.from) && slices.Equal(x.words, r.words) })
		if i >= 0 {
			rules[i].addTargets(targets)
			continue
		}
		r.addTargets(targets)
		c.rules[key[0]] = append(rules, r)
	}
}

func (r *rule) addTargets(list []target) {
	for _, t := range list {
		known := false
		for _, have := range r.to {
			known = known || slices.Equal(have.terms, t.terms)
		}
		if !known {
			r.to = append(r.to, t)
		}
	}
}

// words are the folded words of a text, stop words included.
func (a *analyzer) words(text string) []string {
	words, _ := a.wordsAndTerms(text)
	return words
}

func (a *analyzer) wordsAndTerms(text string) (words, terms []string) {
	a.tokenize(text, func(t token) {
		if !t.whole {
			words, terms = append(words, fold(t.text)), append(terms, a.term(t.text))
		}
	})
	return words, terms
}

// phrase is a text as index terms; a compound counts once, as a whole.
func (a *analyzer) phrase(text string) []string {
	var out []string
	chunk, at := -1, 0
	a.tokenize(text, func(t token) {
		if t.chunk != chunk {
			chunk, at = t.chunk, len(out)
		}
		term := a.term(t.text)
		switch {
		case term == "":
		case t.whole:
			out = append(out[:at], term)
		default:
			out = append(out, term)
		}
	})
	return out
}

// keys are the term sequences by which a phrase may be typed: as it is written,
// and with its compounds in parts; without the words that queries lose, as long
// as something is left.
func (l *lexicon) keys(a *analyzer, text string) [][]string {
	whole := l.key(a, text)
	parts := whole
	if strings.Contains(text, "-") {
		parts = l.key(a, strings.ReplaceAll(text, "-", " "))
	}
	var out [][]string
	if len(whole) > 0 {
		out = append(out, whole)
	}
	if len(parts) > 0 && !slices.Equal(parts, whole) {
		out = append(out, parts)
	}
	return out
}

func (l *lexicon) key(a *analyzer, text string) []string {
	var out []string
	chunk, at := -1, 0
	a.tokenize(text, func(t token) {
		if t.chunk != chunk {
			chunk, at = t.chunk, len(out)
		}
		term := a.term(t.text)
		if f := fold(t.text); term == "" || a.function[t.text] || a.function[f] || l.noise[f] {
			return
		}
		if t.whole {
			out = out[:at]
		}
		out = append(out, term)
	})
	if len(out) == 0 {
		return a.phrase(text)
	}
	return out
}
