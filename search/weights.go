package search

// weights are the numbers of the ranking. They were chosen on labelled queries
// (see eval_test.go) with half of them held back, and stay where neighbouring
// values do as well.
var weights = struct {
	field        [numFields]float64 // what an occurrence in a field counts
	b            [numFields]float64 // how much a field's length discounts it
	k1           float64            // how slowly repetition saturates
	phraseRest   float64            // share of a phrase's common words in its worth
	prefixKnown  float64            // completion of a word that is itself a word
	foreign      float64            // word found through another language
	synonym      float64            // phrase of the lexicon for words the corpus does not have
	synonymKnown float64            // phrase of the lexicon for words it has
	typo         float64            // word found by correction
	typoLong     float64            // the same in a message, as a share
	offTopic     float64            // in a message, a word that no title or heading has
	topic        float64            // share of its articles' titles or headings from which a word is fully a topic
	edit         float64            // a second edit, in logarithms of frequency
	firstLetter  float64            // a wrong first letter, likewise
	swap         float64            // two letters swapped, likewise
	rerank       int                // candidates looked at passage by passage
	passage      float64            // best passage's share of the query
	title        float64            // share of the query that the title covers
	near         float64            // neighbours in the query that are neighbours in the article
	cover        float64            // exponent of the share of the query an article has
}{
	field:       [numFields]float64{fBody: 1, fCode: 0.5, fHeadings: 2.5, fMeta: 3, fQuestions: 5, fTitle: 5},
	b:           [numFields]float64{fBody: 0.85, fCode: 0.85, fHeadings: 0.7, fMeta: 0.5, fQuestions: 0.6, fTitle: 0.5},
	k1:          6,
	phraseRest:  0.5,
	prefixKnown: 0.6,
	foreign:     0.85,
	synonym:     0.75, synonymKnown: 0.45,
	typo: 0.95, typoLong: 0.6, offTopic: 0.5, topic: 4,
	edit:        3,
	firstLetter: 2,
	swap:        1,
	rerank:      40,
	passage:     0.4,
	title:       0.3,
	near:        0.2,
	cover:       0.3,
}
