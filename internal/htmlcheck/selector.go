package htmlcheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// selector is the part of CSS that tests need: steps of tag, #id, .class,
// [attr], [attr="value"] and :not(of one of these), below each other.
type selector []step

type step struct {
	tag   string
	conds []cond
}

type cond struct {
	attr, value string
	op          byte // 0: present, '=': equal, '~': one of the words
	not         bool
}

var (
	stepPattern = regexp.MustCompile(`^([a-z][a-z0-9-]*|\*)?((?:#[\w-]+|\.[\w-]+|\[[^\]]+\]|:not\([^)]+\))*)$`)
	condPattern = regexp.MustCompile(`#[\w-]+|\.[\w-]+|\[[^\]]+\]|:not\([^)]+\)`)
	spacePart   = regexp.MustCompile(`(?:\[[^\]]*\]|\S)+`)
)

// parse panics on what it does not know: the selector is written in a test.
func parse(s string) selector {
	var sel selector
	for _, part := range spacePart.FindAllString(s, -1) {
		m := stepPattern.FindStringSubmatch(part)
		if m == nil {
			panic(fmt.Sprintf("htmlcheck: selector %q: %q is not understood", s, part))
		}
		st := step{tag: strings.Trim(m[1], "*")}
		for _, c := range condPattern.FindAllString(m[2], -1) {
			st.conds = append(st.conds, parseCond(c))
		}
		sel = append(sel, st)
	}
	if len(sel) == 0 {
		panic("htmlcheck: empty selector")
	}
	return sel
}

func parseCond(s string) cond {
	switch {
	case s[0] == '#':
		return cond{attr: "id", value: s[1:], op: '='}
	case s[0] == '.':
		return cond{attr: "class", value: s[1:], op: '~'}
	case s[0] == ':':
		c := parseCond(s[len(":not(") : len(s)-1])
		c.not = true
		return c
	}
	name, value, hasValue := strings.Cut(s[1:len(s)-1], "=")
	if !hasValue {
		return cond{attr: name}
	}
	return cond{attr: name, value: strings.Trim(value, `"'`), op: '='}
}

// find gives the nodes below n, in document order, that fit the last step and
// have ancestors that fit the others.
func (sel selector) find(n *html.Node) []*html.Node {
	var found []*html.Node
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && sel.fits(c) {
			found = append(found, c)
		}
	}
	return found
}

func (sel selector) fits(n *html.Node) bool {
	last := len(sel) - 1
	if !sel[last].fits(n) {
		return false
	}
	for ancestor := range n.Ancestors() {
		if last == 0 {
			return true
		}
		if ancestor.Type == html.ElementNode && sel[last-1].fits(ancestor) {
			last--
		}
	}
	return last == 0
}

func (st step) fits(n *html.Node) bool {
	if st.tag != "" && st.tag != n.Data {
		return false
	}
	for _, c := range st.conds {
		if c.fits(n) == c.not {
			return false
		}
	}
	return true
}

func (c cond) fits(n *html.Node) bool {
	value, ok := attr(n, c.attr)
	switch c.op {
	case '=':
		return ok && value == c.value
	case '~':
		return slices.Contains(strings.Fields(value), c.value)
	}
	return ok
}
