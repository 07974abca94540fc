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
	stop     []byte              // a Snowball stop list: one word a line, "|" starts a comment; never indexed
	keep     string              // words of the stop list that say something in a help centre: "server down"
	forms    string              // inflections that the stemmer misses, "base: form form" a line
	endings  string              // what derivation hangs on a stem: "ag eur" of démarrage, hébergeur
	families string              // words of one family that no ending shows, a family a line
	spell    func(string) string // evens out spellings before the stemmer; nil when there is one
	elisions string              // what may stand before an apostrophe and mean nothing: "l d qu"
	suffixes string              // what may stand after one and mean nothing: "s ll"
	clitics  string              // what a hyphen may hang on a verb: "peut-on", "est-ce", "aidez-moi" are no compounds
	negation string              // stop words that turn a phrase into its opposite: "sans serveur"
	// function words beyond the stop list: indexed, but dropped from a query
	// that has anything else to say.
	function string
	// everyday words that say little in a help centre, in any form: they count
	// less than the trade's words, however rare the articles make them look.
	light string
}

// languages is the analyzer table. A language that is not in it is split into
// words and folded, not stemmed.
var languages = map[string]language{
	"fr": {
		tag: "fr", stem: french.Stem, stop: fr.FrenchStopWords,
		elisions: "l d qu j n s m t c jusqu lorsqu puisqu quoiqu presqu quelqu",
		clitics:  "je tu il elle on nous vous ils elles ce moi toi lui leur le la les y en t ci là",
		negation: "sans non pas ni hors",
		forms:    frenchForms,
		endings:  "iteur ateur eur ag at it ur ement issement ibilit abilit ibil abil abl ibl is",
		families: frenchFamilies,
		function: `comment pourquoi quand combien où ou quel quelle quels quelles lequel laquelle que qui quoi
			plus très trop aussi alors car si donc puis ici là tout tous toute toutes rien cela ça comme ni
			être avoir faire fait fais font peut peux peuvent pouvez pouvons veux veut voulez voulons voudrais
			voudrait dois doit doivent devons devez faut vais va vont allons sans sous entre vers chez dont
			depuis encore déjà toujours quelque quelques chaque autre autres celui celle ceux celles elles
			possible pendant plusieurs plutôt parce lors ainsi afin après avant lorsque alors mais cependant
			merci bonjour svp dire dit voir savoir hier aujourd hui demain matin soir`,
		light: `aller venir vient prendre pris donner mettre mis laisser garder rester reste arriver passer
			sembler devenir essayer demander appeler parler penser croire sentir espérer entendre comprendre
			expliquer aider utiliser trouver suivre apporter chercher montrer tenir rendre
			vraiment jamais souvent parfois peut-être simplement complètement absolument exactement seulement
			beaucoup peu assez moins certain certaine différent même propre nouveau nouvelle ancien ancienne bon
			bonne mauvais grand petit long court sûr clair rapide rapidement vite facile facilement entier
			façon manière chose cas fois temps jour journée semaine mois année heure moment côté part partie
			personne gens quelqu quelqu'un entreprise société équipe collègue employé monde besoin problème
			deux trois quatre premier première second dernier dernière prochain prochaine suivant moitié
			train point fin début suite place ensemble`,
	},
	"en": {
		tag: "en", stem: english.Stem, stop: en.EnglishStopWords,
		suffixes: "s ll re ve d m t",
		negation: "not no without",
		keep:     "down off",
		forms:    englishForms,
		endings:  "ment ness abl ibl abiliti ibiliti iti al or ator ur li i",
		families: englishFamilies,
		spell:    american,
		function: `how why when where what which who can could would should will shall may might must do does did
			get got getting any anything something everything nothing want wants need needs like please also
			just still yet there here inside since than then them me my mine us our its let make makes
			one though although while during however since ago don doesn didn won isn aren wasn couldn
			tell say says said see know today yesterday tomorrow morning evening thanks thank hello`,
		light: `go come came take took taken give gave given put keep kept stay look seem become happen try
			ask call talk speak think thought believe feel felt hope hear heard mean meant understand explain
			help work use find found follow bring brought hold left leave
			really very quite always never often sometimes again already maybe perhaps actually simply
			completely absolutely exactly only even much many more less few lot several certain same
			different own new old good bad great best better big small long short right wrong able unable
			sure clear quick quickly fast easy easily whole half away behind
			way thing case time day week month year hour night moment side part people person someone anyone
			everyone company team colleague employee world problem two three four first second last next end
			place together`,
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
