// Package htmlcheck says in a line what a page must hold. Checks compose:
//
//	htmlcheck.Run(t, body,
//		htmlcheck.In("main h1", htmlcheck.HasText("^VPS$")),
//		htmlcheck.In(`link[rel="canonical"]`, htmlcheck.HasAttr("href", "/fr/products/vps$")),
//		htmlcheck.Not("script:not([src])"))
package htmlcheck

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A Check looks at a node and says what is wrong below it, nil for nothing.
type Check func(*html.Node) error

// Run parses a page and reports every check that fails.
func Run(t testing.TB, page []byte, checks ...Check) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatalf("the page is not HTML: %v", err)
	}
	for _, check := range checks {
		if err := check(doc); err != nil {
			t.Error(err)
		}
	}
}

// In finds the first node that fits the selector and runs the checks on it.
// Without checks it only demands that there is one.
func In(selector string, checks ...Check) Check {
	sel := parse(selector)
	return func(n *html.Node) error {
		found := sel.find(n)
		if len(found) == 0 {
			return fmt.Errorf("%s: nothing fits", selector)
		}
		for _, check := range checks {
			if err := check(found[0]); err != nil {
				return fmt.Errorf("%s: %w", selector, err)
			}
		}
		return nil
	}
}

// Each runs the checks on every node that fits; there must be at least one.
func Each(selector string, checks ...Check) Check {
	sel := parse(selector)
	return func(n *html.Node) error {
		found := sel.find(n)
		if len(found) == 0 {
			return fmt.Errorf("%s: nothing fits", selector)
		}
		for i, node := range found {
			for _, check := range checks {
				if err := check(node); err != nil {
					return fmt.Errorf("%s, number %d: %w", selector, i+1, err)
				}
			}
		}
		return nil
	}
}

// Count demands exactly n nodes that fit.
func Count(selector string, n int) Check {
	sel := parse(selector)
	return func(node *html.Node) error {
		if got := len(sel.find(node)); got != n {
			return fmt.Errorf("%s: %d fit, want %d", selector, got, n)
		}
		return nil
	}
}

// Not demands that nothing fits.
func Not(selector string) Check { return Count(selector, 0) }

// HasText demands that the node's text, white space made single, matches a
// regular expression.
func HasText(pattern string) Check {
	re := regexp.MustCompile(pattern)
	return func(n *html.Node) error {
		if text := Text(n); !re.MatchString(text) {
			return fmt.Errorf("text %q does not match %q", text, pattern)
		}
		return nil
	}
}

// HasAttr demands an attribute whose value matches a regular expression.
func HasAttr(name, pattern string) Check {
	re := regexp.MustCompile(pattern)
	return func(n *html.Node) error {
		value, ok := attr(n, name)
		if !ok {
			return fmt.Errorf("<%s> has no attribute %s", n.Data, name)
		}
		if !re.MatchString(value) {
			return fmt.Errorf("%s=%q does not match %q", name, value, pattern)
		}
		return nil
	}
}

// Text is all text below a node, white space made single.
func Text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// All gives the values of an attribute of every node that fits, in order.
func All(page []byte, selector, name string) ([]string, error) {
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("the page is not HTML: %w", err)
	}
	var values []string
	for _, n := range parse(selector).find(doc) {
		if v, ok := attr(n, name); ok {
			values = append(values, v)
		}
	}
	return values, nil
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
