package kb

import (
	"cmp"
	"fmt"
	"slices"
)

// String is the problem as compilers print theirs: "path:line: severity:
// message".
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", p.Path, p.Severity, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.Path, p.Line, p.Severity, p.Message)
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// collectProblems is what every file reported by itself plus what only shows
// when all are known: links to headings that are not there and aliases that
// collide.
func (l *Library) collectProblems() []Problem {
	var out []Problem
	aliases := map[string]string{}
	for _, f := range l.files {
		out = append(out, f.problems...)
		out = append(out, f.addressNotes...)
		for _, link := range f.links {
			target := l.file(link.Target)
			if target == nil || target.article == nil {
				continue
			}
			if _, ok := slices.BinarySearch(target.anchors, link.Anchor); !ok {
				hint := ""
				if near := nearest(link.Anchor, target.anchors); near != "" {
					hint = fmt.Sprintf("; did you mean #%s?", near)
				}
				out = append(out, Problem{Path: f.path, Line: link.Line, Severity: Error,
					Message: fmt.Sprintf("%s has no heading #%s%s", link.Target, clip(link.Anchor), hint)})
			}
		}
		if f.article == nil {
			continue
		}
		for _, alias := range f.article.Aliases {
			from := cleanSitePath(alias)
			if a := l.ByURL(from); a != nil {
				out = append(out, Problem{Path: f.path, Line: 1, Severity: Error,
					Message: fmt.Sprintf("the alias %s is the address of %s, which stays", alias, a.Path)})
			} else if other := aliases[from]; other != "" {
				out = append(out, Problem{Path: f.path, Line: 1, Severity: Error,
					Message: fmt.Sprintf("the alias %s is claimed by %s too", alias, other)})
			} else {
				aliases[from] = f.path
			}
		}
	}
	sortProblems(out)
	return out
}
