package search

import (
	"strings"

	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/es"
	"github.com/blevesearch/bleve/v2/analysis/lang/fr"
	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/spanish"
)

// language is what analysis knows about a language. Everything else about it
// is in its lexicon file.
type language struct {
	tag      string
	stem     func(*snowballstem.Env) bool
	stop     []byte // a Snowball stop list: one word a line, "|" starts a comment; never indexed
	elisions string // what may stand before an apostrophe and mean nothing: "l d qu"
	suffixes string // what may stand after one and mean nothing: "s ll"
	// function words beyond the stop list: indexed, but dropped from a query
	// that has anything else to say.
	function string
}

// languages is the analyzer table. A language that is not in it is split into
// words and folded, not stemmed.
var languages = map[string]language{
	"fr": {
		tag: "fr", stem: french.Stem, stop: fr.FrenchStopWords,
		elisions: "l d qu j n s m t c jusqu lorsqu puisqu quoiqu presqu quelqu",
		function: `comment pourquoi quand combien où ou quel quelle quels quelles lequel laquelle est-ce
			plus très trop aussi alors car si donc puis ici là tout tous toute toutes rien cela ça comme
			être avoir faire fait fais peut peux peuvent pouvez puis-je peut-on veux veut voudrais voulons
			dois doit doivent faut vais va sans sous entre vers chez dont depuis encore déjà toujours quelque
			quelques chaque autre autres mêmes celui celle ceux celles y-a-t-il il-y-a possible`,
	},
	"en": {
		tag: "en", stem: english.Stem, stop: en.EnglishStopWords,
		suffixes: "s ll re ve d m t",
		function: `how why when where which what who can could would should will shall may might must do does did
			get got getting any anything something want wants need needs like please also just still yet
			there here inside without since than then them me my mine us our its let make makes`,
	},
	"de": {
		tag: "de", stem: german.Stem, stop: de.GermanStopWords,
		function: "wie warum wann wo welche welcher welches kann können könnte muss möchte bitte auch noch",
	},
	"es": {
		tag: "es", stem: spanish.Stem, stop: es.SpanishStopWords,
		function: "cómo qué cuándo dónde cuál cuáles puedo puede quiero necesito hacer favor también todavía",
	},
}

// wordSet reads a Snowball list or a plain list of words separated by spaces.
// Words are kept as they are and folded, so that "a" stops "à" typed in haste.
func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for line := range strings.Lines(list) {
			line, _, _ = strings.Cut(line, "|")
			for _, w := range strings.Fields(line) {
				set[w] = true
				set[fold(w)] = true
			}
		}
	}
	return set
}
