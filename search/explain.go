package search

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Explain prints why the first n articles for a query stand where they do: how
// each word was understood, what it is worth, where the article has it, and
// what the look at title and passages multiplied the sum by.
func (x *Index) Explain(ctx context.Context, out io.Writer, q Query, n int) error {
	s, release, err := x.acquire()
	if err != nil {
		return err
	}
	defer release()
	e := &explainer{s: s, out: out}
	v := s.views[q.Lang]
	if v == nil {
		e.printf("no articles in %q\n", q.Lang)
		return e.err
	}
	text := clip(q.Text, maxQuery)
	f, err := x.rank(ctx, s, v, text, q.Exact)
	if err != nil {
		return err
	}
	e.query(v, text, f)
	shown := f
	if o := s.foreignView(v, text); o != nil {
		e.printf("\nThe words are at home in %q: its articles are ranked too, and their translations shown.\n", o.lang)
		if shown, err = x.findForeign(ctx, s, v, o, text, q.Exact, f); err != nil {
			return err
		}
	}
	e.printf("\n%d articles have something of it\n", shown.total)
	for i, c := range shown.top[:min(n, len(shown.top))] {
		e.candidate(i, c, f, shown)
	}
	return e.err
}

type explainer struct {
	s   *snapshot
	out io.Writer
	err error
}

func (e *explainer) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.out, format, args...)
	}
}

// query prints how the words were understood.
func (e *explainer) query(v *view, text string, f *found) {
	kind := "keywords"
	if f.plan.long {
		kind = "a message"
	}
	e.printf("%q read as %s in %s\n", text, kind, v.lang)
	if c := f.plan.corrected(text); c != "" {
		e.printf("corrected to %q\n", c)
	}
	for gi := range f.plan.groups {
		g := &f.plan.groups[gi]
		for mi := range g.members {
			c := &g.members[mi]
			e.printf("  %-20s worth %.2f", c.text, c.idf*c.weight)
			if len(c.alts) == 0 {
				e.printf("  unknown to the articles")
			}
			e.alts(c.alts)
			e.printf("\n")
		}
		if len(g.phrases) > 0 {
			e.printf("  %-20s", "  or")
			e.alts(g.phrases)
			e.printf("\n")
		}
	}
}

func (e *explainer) alts(list []alt) {
	for _, a := range list {
		df := make([]string, len(a.terms))
		for i, t := range a.terms {
			df[i] = fmt.Sprintf("%s in %d", t.term, len(t.list))
		}
		e.printf("  [%s %q x%.2f: %s]", a.why, a.text, a.weight, strings.Join(df, ", "))
	}
}

// candidate prints one article's account.
func (e *explainer) candidate(i int, c candidate, own, shown *found) {
	art := e.s.docs[c.num].art
	e.printf("\n%d. %.3f  %s  %q\n", i+1, c.score, art.ID, art.Title)
	e.printf("   words %.3f; query covered %.2f, in the title %.2f, in the best passage %.2f, neighbours %.2f; title covered %.2f\n",
		c.base, c.cover, c.title, c.passage, c.near, c.fit)
	e.printf("   tie-breakers: votes +%.2f %%, date +%.2f %%\n", 100*c.helpful, 100*c.fresh)
	if c.best >= 0 && art.Passages[c.best].Heading != "" {
		e.printf("   best passage: %s\n", art.Passages[c.best].Heading)
	}
	if shown.from != "" {
		e.printf("   found through %s\n", shown.from)
	}
	d := &e.s.docs[c.num]
	for gi := range own.plan.groups {
		g := &own.plan.groups[gi]
		for mi := range g.members {
			e.best(d, c.num, g.members[mi].alts, g.members[mi].weight)
		}
		e.best(d, c.num, g.phrases, 1)
	}
}

// best prints the alternative that counted most in an article.
func (e *explainer) best(d *doc, num uint32, alts []alt, weight float64) {
	best, line := 0.0, ""
	for _, a := range alts {
		sum, worth := 0.0, 0.0
		var where []string
		for _, t := range a.terms {
			worth += t.idf
			k, ok := slices.BinarySearchFunc(t.list, num, func(p posting, n uint32) int { return cmp.Compare(p.doc, n) })
			if t.lang != d.art.Lang || !ok {
				sum, where = 0, nil
				break
			}
			sum += t.idf * float64(saturate(d, t.list[k].packed))
			where = append(where, t.term+" "+places(t.list[k].packed))
		}
		if worth == 0 || len(where) == 0 {
			continue
		}
		if x := a.weight * a.idf * weight * sum / worth; x > best {
			best, line = x, fmt.Sprintf("   %+.3f  %s %q: %s\n", x, a.why, a.text, strings.Join(where, "; "))
		}
	}
	e.printf("%s", line)
}

// places lists the fields a word stands in and how often.
func places(packed uint32) string {
	var out []string
	for f := numFields - 1; f >= 0; f-- {
		if n := inField(packed, f); n > 0 {
			out = append(out, fmt.Sprintf("%s %d", fieldNames[f], n))
		}
	}
	return strings.Join(out, ", ")
}
