package search

import (
	"context"
	"fmt"

	"github.com/vmcloud/ricochet/kb"
)

// Failure is a question an article promises to answer and does not come up
// for.
type Failure struct {
	Article  *kb.Article
	Question string
	Rank     int      // where the article stands, 0 when it is not in the first ten
	Top      []string // IDs of the first three instead
}

// String says which question failed, and what stood in the article's place.
func (f Failure) String() string {
	where := "not in the first ten"
	if f.Rank > 0 {
		where = fmt.Sprintf("number %d", f.Rank)
	}
	return fmt.Sprintf("%s: %q finds it as %s, after %v", f.Article.Path, f.Question, where, f.Top)
}

// Selftest asks every article's own questions and returns those for which the
// article is not among the first three, and how many were asked.
func (x *Index) Selftest(ctx context.Context, lib *kb.Library) (asked int, failures []Failure, err error) {
	for _, lang := range lib.Langs() {
		for _, art := range lib.Articles(lang) {
			for _, q := range art.Questions {
				asked++
				res, err := x.Search(ctx, Query{Lang: lang, Text: q})
				if err != nil {
					return asked, failures, err
				}
				f := Failure{Article: art, Question: q}
				for i, h := range res.Hits {
					if h.Article == art {
						f.Rank = i + 1
					}
					if i < 3 {
						f.Top = append(f.Top, h.Article.ID)
					}
				}
				if f.Rank == 0 || f.Rank > 3 {
					failures = append(failures, f)
				}
			}
		}
	}
	return asked, failures, nil
}
