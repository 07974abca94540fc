package web

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"strconv"
	"testing"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Every kind of event that a ticket's page tells in a line has its words.
func TestEventsHaveWords(t *testing.T) {
	s := fixtureServer(t)
	file, err := parser.ParseFile(gotoken.NewFileSet(), "../deflect/ticket/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "EventKind" {
			return true
		}
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if !isMessage(ticket.EventKind(kind)) && !s.locales.Default.Has("event."+kind) {
			t.Errorf("event.%s is missing", kind)
		}
		return true
	})
	if seen < 20 {
		t.Errorf("%d kinds of events found in event.go", seen)
	}
}
