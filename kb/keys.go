package kb

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/vmcloud/ricochet/kb/markdown"
)

// knownKeys are the keys an article's front matter may have.
var knownKeys = []string{"title", "description", "order", "tags", "contexts", "questions", "aliases", "category",
	"updated", "revision", "slug", "lang", "section", "topic", "source"}

var categories = []string{string(CategoryBilling), string(CategoryHowTo), string(CategoryAccount), string(CategoryTechnical)}

// set checks one field and keeps its value when it can be understood.
func (m *meta) set(f field, r *report) {
	texts := map[string]*string{"title": &m.Title, "description": &m.Description, "slug": &m.Slug, "lang": &m.Lang,
		"section": &m.Section, "topic": &m.Topic, "source": &m.Source}
	lists := map[string]*[]string{"tags": &m.Tags, "contexts": &m.Contexts, "questions": &m.Questions, "aliases": &m.Aliases}
	switch {
	case texts[f.key] != nil:
		if f.isList || f.invalid != "" {
			r.add(f.line, Error, "`%s` must be a text, not %s", f.key, describe(f))
		}
		*texts[f.key] = markdown.OneLine(strings.Join(append([]string{f.scalar}, f.list...), " "))
	case lists[f.key] != nil:
		*lists[f.key] = m.list(f, r)
	case f.key == "order":
		m.Order = integer(f, r, 0)
	case f.key == "revision":
		if m.Revision = integer(f, r, 1); m.Revision < 1 {
			r.add(f.line, Error, "`revision` is %d; it starts at 1 and is raised when the answer changes", m.Revision)
			m.Revision = 1
		}
	case f.key == "category":
		m.setCategory(f, r)
	case f.key == "updated":
		m.setUpdated(f, r)
	default:
		hint := ""
		if near := nearest(f.key, knownKeys); near != "" {
			hint = fmt.Sprintf("; did you mean `%s`?", near)
		}
		r.add(f.line, Error, "unknown key `%s`%s", f.key, hint)
	}
}

func describe(f field) string {
	if f.isList {
		return "a list"
	}
	return f.invalid
}

func (m *meta) list(f field, r *report) []string {
	if !f.isList {
		if f.invalid != "" || f.scalar != "" {
			r.add(f.line, Error, "`%s` must be a list: one `- entry` line each, or [a, b]", f.key)
		}
		if f.scalar == "" {
			return nil
		}
		f.list = strings.Split(f.scalar, ",")
	} else if f.invalid != "" {
		r.add(f.line, Error, "`%s` has %s", f.key, f.invalid)
	}
	var out []string
	for _, s := range f.list {
		s = strings.TrimSpace(s)
		if s == "" || slices.Contains(out, s) {
			continue
		}
		if f.key == "aliases" && !sitePath(s) {
			r.add(f.line, Error, "the alias %q must be a site path such as /fr/old/address", s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// sitePath says whether s is an absolute path of this site and nothing else.
func sitePath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && u.Host == "" && u.Scheme == "" &&
		u.RawQuery == "" && u.Fragment == "" && !strings.Contains(s, "..") && !strings.ContainsAny(s, " \\")
}

func integer(f field, r *report, fallback int) int {
	n, err := strconv.Atoi(f.scalar)
	if err != nil || f.isList {
		r.add(f.line, Error, "`%s` must be a whole number, not %q", f.key, f.scalar)
		return fallback
	}
	return n
}

func (m *meta) setCategory(f field, r *report) {
	c := strings.ToLower(f.scalar)
	if f.scalar == "" && !f.isList {
		return
	}
	if f.isList || !slices.Contains(categories, c) {
		hint := ""
		if near := nearest(c, categories); near != "" {
			hint = fmt.Sprintf("; did you mean `%s`?", near)
		}
		r.add(f.line, Error, "`category` is %q; it must be one of %s%s", f.scalar, strings.Join(categories, ", "), hint)
		return
	}
	m.Category = Category(c)
}

func (m *meta) setUpdated(f field, r *report) {
	if f.scalar == "" {
		r.add(f.line, Error, "`updated` is empty; write the day the article last changed, such as 2026-03-09")
		return
	}
	t, exact, ok := parseDate(f.scalar)
	switch {
	case !ok:
		r.add(f.line, Error, "`updated` %q is not a date; write 2026-03-09", f.scalar)
	case !exact:
		r.add(f.line, Warning, "`updated` %q is read as %s; write it like that", f.scalar, t.Format("2006-01-02"))
	}
	m.Updated = t
}

// nearest is the candidate a person most likely meant, "" when none is close.
func nearest(word string, candidates []string) string {
	best, bestDist := "", 3
	if len(word) < 5 {
		bestDist = 2
	}
	word = strings.ToLower(word)
	for _, c := range candidates {
		if len(word) >= 3 && (strings.HasPrefix(c, word) || strings.HasPrefix(word, c)) {
			return c
		}
		if d := editDistance(word, c); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours. Words longer than 40 bytes are far from everything.
func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	var before []int
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(b)]
}
