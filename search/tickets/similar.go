package tickets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/vmcloud/ricochet/search"
)

// Likeness asks for tickets that share telling words with a text.
type Likeness struct {
	ID    string // of the ticket the text is from, which is left out
	Text  string
	Where map[string][]string // conditions, as in Query
	Limit int                 // at most maxLimit
}

const (
	tellingTerms = 12 // the rarest words of a text that are looked for
	tellingShare = 20 // words in more than one ticket of so many tell nothing
	tellingFloor = 50 // unless fewer tickets than this have them
	likenessText = 8000
)

// Similar lists the ids of tickets like a text, the likest first. Only the
// rarest words are looked for, so that the time does not grow with what common
// words would find. Words are looked for in every language: names of products
// and messages of programs are the same in all.
func (x *Index) Similar(ctx context.Context, l Likeness) ([]string, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.idx == nil {
		return nil, errClosed
	}
	telling, err := x.telling(ctx, l.Text)
	if err != nil || len(telling) == 0 {
		return nil, err
	}
	parts := make([]query.Query, len(telling))
	for i, t := range telling {
		parts[i] = term(t.field, t.text, 1)
	}
	some := bleve.NewDisjunctionQuery(parts...)
	some.SetMin(float64(min(2, len(parts)))) // one word in common is chance
	all := bleve.NewBooleanQuery()
	all.AddMust(some)
	all.AddMustNot(bleve.NewDocIDQuery([]string{l.ID}))
	for field, values := range l.Where {
		if slices.Contains(keywords, field) && len(values) > 0 {
			all.AddFilter(oneOf(field, values))
		}
	}
	req := bleve.NewSearchRequestOptions(all, min(max(l.Limit, 1), maxLimit), 0, false)
	res, err := x.idx.SearchInContext(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("tickets like %s: %w", l.ID, err)
	}
	var ids []string
	for _, d := range res.Hits {
		ids = append(ids, d.ID)
	}
	return ids, nil
}

// tellingTerm is a word of a text and how many tickets have it.
type tellingTerm struct {
	field, text string
	tickets     uint64
}

// telling are the rarest words of a text that another ticket has too.
func (x *Index) telling(ctx context.Context, text string) (list []tellingTerm, err error) {
	advanced, err := x.idx.Advanced()
	if err != nil {
		return nil, err
	}
	reader, err := advanced.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	n, err := reader.DocCount()
	if err != nil {
		return nil, err
	}
	most := max(n/tellingShare, tellingFloor)
	seen := map[tellingTerm]bool{}
	for _, lang := range Langs {
		for _, t := range search.Terms(lang, text[:min(len(text), likenessText)]) {
			k := tellingTerm{field: lang, text: t.Text}
			if t.Text == "" || seen[k] {
				continue
			}
			seen[k] = true
			docs, err := reader.TermFieldReader(ctx, []byte(t.Text), lang, false, false, false)
			if err != nil {
				return nil, err
			}
			k.tickets = docs.Count()
			if err := docs.Close(); err != nil {
				return nil, err
			}
			if k.tickets > 0 && k.tickets <= most {
				list = append(list, k)
			}
		}
	}
	slices.SortFunc(list, func(a, b tellingTerm) int {
		return cmp.Or(cmp.Compare(a.tickets, b.tickets), cmp.Compare(a.field, b.field), cmp.Compare(a.text, b.text))
	})
	return list[:min(len(list), tellingTerms)], nil
}
