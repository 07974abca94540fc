// Package search finds the article that answers: it keeps the articles of all
// languages in one Bleve index, ranks what Bleve finds with a BM25F of its own
// over title, questions, headings, description, body and code, corrects typos
// against the corpus's own words, widens the query with a lexicon that authors
// edit, turns a ticket's text into a query, and says nothing when nothing
// answers.
//
// A language is data: a row of the languages table (tag, stemmer, stop words,
// elisions) and search/lexicon/TAG.yaml.
package search
