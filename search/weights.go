package search

// boosts weigh what the look at an article's title and passages adds to its
// BM25F score.
type boosts struct {
	cover   float64 // exponent of the share of the query that the article has
	title   float64 // share of the query that the title has
	fit     float64 // share of the title that the query has
	passage float64 // best passage's share of the query
	head    float64 // share of the query that a heading has, times the share of the heading that the query has
	near    float64 // pairs of the query's words that stand close together
}

// weights are the numbers of the ranking. Those of short and long come from a
// regression over labelled queries (fit_test.go), the others from a search that
// takes only what helps on either half of the articles (tune_test.go); they
// stay where neighbouring values do as well.
var weights = struct {
	field        [numFields]float64 // what an occurrence in a field counts
	b            [numFields]float64 // how much a field's length discounts it
	k1           float64            // how slowly repetition saturates
	idf          float64            // exponent of a word's rarity
	phraseRest   float64            // share of a phrase's common words in its worth
	prefixKnown  float64            // completion of a word that is itself a word
	kin          float64            // word of the same family
	foreign      float64            // word found through another language
	foreignLead  float64            // evidence, in natural logarithms, that a text is in another language
	foreignMean  float64            // the same for the mean word
	foreignOwn   float64            // share of the site's own language in what a foreign text finds
	synonym      float64            // phrase of the lexicon for words the corpus does not have
	synonymKnown float64            // phrase of the lexicon for words it has
	scattered    float64            // phrase of the lexicon for words that stand apart
	both         float64            // in a message, share of the lesser when an article has both the words and a phrase for them
	typo         float64            // word found by correction
	typoLong     float64            // the same in a message, as a share
	edit         float64            // a second edit, in logarithms of frequency
	firstLetter  float64            // a wrong first letter, likewise
	swap         float64            // two letters swapped, likewise
	offTopic     float64            // in a message, a word that no title or heading has
	topic        float64            // inverse of the share of titles and headings from which a word is fully a topic
	light        float64            // an everyday word
	rerank       int                // candidates looked at passage by passage
	short, long  boosts             // of a few keywords, of a message
}{
	field:       [numFields]float64{fBody: 1, fCode: 0.5, fHeadings: 2.5, fMeta: 3, fQuestions: 5, fTitle: 5},
	b:           [numFields]float64{fBody: 0.85, fCode: 0.85, fHeadings: 0.5, fMeta: 0.5, fQuestions: 0.6, fTitle: 0.5},
	k1:          8,
	idf:         1,
	phraseRest:  0.5,
	prefixKnown: 0.75,
	kin:         0.7,
	foreign:     0.85, foreignLead: 2, foreignMean: 0.4, foreignOwn: 0.5,
	synonym: 0.75, synonymKnown: 0.6, scattered: 0.5, both: 0.5,
	typo: 0.95, typoLong: 0.6,
	edit: 3, firstLetter: 2, swap: 1,
	offTopic: 0.6, topic: 4,
	light:  0.6,
	rerank: 40,
	short:  boosts{cover: 0.49, title: 0.4, fit: 0.72, passage: 0.51, head: 0.47, near: 0.85},
	long:   boosts{cover: 0.31, title: 0.45, fit: 0.52, passage: 0.57, head: 0.27, near: 0.73},
}
