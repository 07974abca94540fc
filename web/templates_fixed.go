package web

import (
	"regexp"
	"strings"
	"text/template/parse"
	"unicode"
)

// constants are what templates call that says the same in every page of a
// language, when all it is given is a literal.
func constants(loc *Locale, a *assets) map[string]func(string) (string, error) {
	return map[string]func(string) (string, error){
		"t":     func(key string) (string, error) { return loc.T(key), nil },
		"path":  func(rest string) (string, error) { return pathTo(loc, rest), nil },
		"asset": a.url,
	}
}

// fixed is a copy of a template in which {{t "key"}} and its like are the text
// that they say: calling them a hundred times a page is a sixth of drawing one.
// Scripts and styles stay as they are: there a text is written in quotes.
func fixed(tree *parse.Tree, calls map[string]func(string) (string, error)) *parse.Tree {
	tree = tree.Copy()
	f := fixer{calls: calls}
	f.fix(tree.Root)
	return tree
}

type fixer struct {
	calls map[string]func(string) (string, error)
	code  bool // what was read last is within a script or a style
}

func (f *fixer) fix(list *parse.ListNode) {
	if list == nil {
		return
	}
	for i, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			if tags := codeTag.FindAll(n.Text, -1); len(tags) > 0 {
				f.code = tags[len(tags)-1][1] != '/'
			}
		case *parse.ActionNode:
			if text, ok := constant(n.Pipe, f.calls); ok && !f.code {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
			}
		case *parse.IfNode:
			f.fix(n.List)
			f.fix(n.ElseList)
		case *parse.WithNode:
			f.fix(n.List)
			f.fix(n.ElseList)
		case *parse.RangeNode:
			f.fix(n.List)
			f.fix(n.ElseList)
		}
	}
}

// codeTag begins or ends what is not HTML.
var codeTag = regexp.MustCompile(`(?i)</?(?:script|style)\b`)

// constant is what an action always writes; ok is false when that depends on
// anything, or when it has a character that html/template might write otherwise:
// in a text, a title and an attribute between quotes, what is left is written as
// it is.
func constant(pipe *parse.PipeNode, calls map[string]func(string) (string, error)) (text string, ok bool) {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 2 {
		return "", false
	}
	ident, isCall := pipe.Cmds[0].Args[0].(*parse.IdentifierNode)
	given, isText := pipe.Cmds[0].Args[1].(*parse.StringNode)
	if !isCall || !isText || calls[ident.Ident] == nil {
		return "", false
	}
	text, err := calls[ident.Ident](given.Text)
	if err != nil {
		return "", false
	}
	return text, strings.IndexFunc(text, func(r rune) bool { return !inert(r) }) < 0
}

// inert says whether a character means nothing in HTML.
func inert(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" \u00a0\u202f.,;:!?()/_’“”«»…–—-", r)
}

// pathTo is the address of a page in a language.
func pathTo(loc *Locale, rest string) string { return "/" + loc.Lang + "/" + rest }
