package kb

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Lengths of a description, in characters: search engines and our own result
// lists cut it beyond the upper one, and say little below the lower.
const (
	minDescription = 40
	maxDescription = 180
)

// Lint is everything wrong with the content: the Problems of loading it and
// what only authors care about (missing translations, questions asked twice,
// descriptions of the wrong length), by path and line.
func (l *Library) Lint() []Problem {
	out := slices.Clone(l.Problems())
	asked := map[string]*Article{}
	for _, lang := range l.langs {
		for _, a := range l.articles[lang] {
			out = append(out, l.lintArticle(a)...)
			for _, q := range a.Questions {
				key := lang + " " + foldKey(q)
				if other := asked[key]; other != nil && other != a {
					out = append(out, Problem{Path: a.Path, Line: 1, Severity: Warning,
						Message: fmt.Sprintf("the question %q is also in %s; one article answers it", clip(q), other.Path)})
				} else {
					asked[key] = a
				}
			}
		}
	}
	for _, lang := range l.langs {
		for _, a := range l.articles[lang] {
			for _, other := range l.langs {
				if l.Translation(a, other) == nil {
					out = append(out, Problem{Path: a.Path, Severity: Warning,
						Message: fmt.Sprintf("there is no translation %s/%s.md", other, a.Pair)})
				}
			}
		}
	}
	sortProblems(out)
	return out
}

func (l *Library) lintArticle(a *Article) []Problem {
	var out []Problem
	switch n := utf8.RuneCountInString(a.Description); {
	case n == 0:
		out = append(out, Problem{Path: a.Path, Line: 1, Severity: Warning,
			Message: "`description` is missing; say in one sentence what the reader will have at the end"})
	case n < minDescription || n > maxDescription:
		out = append(out, Problem{Path: a.Path, Line: 1, Severity: Warning,
			Message: fmt.Sprintf("`description` has %d characters; %d to %d are shown well", n, minDescription, maxDescription)})
	}
	for _, other := range l.langs {
		if version := l.Translation(a, other); other > a.Lang && version != nil && version.Category != a.Category {
			out = append(out, Problem{Path: a.Path, Line: 1, Severity: Warning,
				Message: fmt.Sprintf("`category` differs from that of %s", version.Path)})
		}
	}
	return out
}
