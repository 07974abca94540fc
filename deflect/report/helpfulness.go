package report

import "github.com/vmcloud/ricochet/deflect"

// Helpfulness is how helpful readers found each article, between 0 and 1, fit
// to break ties in a ranking: the votes on the revision in force, drawn to the
// mean of its section as if shrinkWeight votes of that mean had been cast
// before (D-34). An article without votes has its section's mean, and one of a
// section without votes half: not knowing is no fault.
func Helpfulness(votes []HelpfulCounts, library []ArticleMeta) map[ArticleKey]float64 {
	type count struct{ yes, n int }
	type revision struct {
		ArticleKey
		revision int
	}
	type section struct{ lang, name string }
	cast := map[revision]count{}
	for _, v := range votes {
		k := revision{ArticleKey{v.Lang, v.Article}, v.Revision}
		c := cast[k]
		cast[k] = count{c.yes + v.Yes, c.n + v.Yes + v.No}
	}
	sections := map[section]count{}
	for _, a := range library {
		c, s := cast[revision{ArticleKey{a.Lang, a.Article}, a.Revision}], section{a.Lang, a.Section}
		sum := sections[s]
		sections[s] = count{sum.yes + c.yes, sum.n + c.n}
	}
	out := make(map[ArticleKey]float64, len(library))
	for _, a := range library {
		mean := 0.5
		if s := sections[section{a.Lang, a.Section}]; s.n > 0 {
			mean = float64(s.yes) / float64(s.n)
		}
		k := ArticleKey{a.Lang, a.Article}
		c := cast[revision{k, a.Revision}]
		out[k] = deflect.Shrink(c.yes, c.n, mean, shrinkWeight)
	}
	return out
}
