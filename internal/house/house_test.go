// Package house holds the tests over the shape of the program: which package
// may import which, and calls that are allowed in one place only.
package house

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/vmcloud/ricochet"

// rule says what the packages below a path may import: rooms of this module,
// and modules of others. Every package must be covered by exactly one rule:
// the longest path that fits. Everything may import internal/*; "std" is free.
type rule struct {
	path   string
	rooms  []string // paths of this module, "x/..." with everything below
	others []string // import path prefixes
}

var rules = []rule{
	{path: "cmd", rooms: []string{"..."}, others: []string{"github.com/alecthomas/kong", "github.com/goccy/go-yaml"}},
	{path: "content"},
	{path: "kb", rooms: []string{"kb/markdown"}, others: []string{
		"github.com/yuin/goldmark", "github.com/alecthomas/chroma", "github.com/microcosm-cc/bluemonday", "github.com/goccy/go-yaml",
		"github.com/fsnotify/fsnotify", "github.com/golang/snappy", "golang.org/x/net/html", "golang.org/x/text", "golang.org/x/image", "golang.org/x/sync",
	}},
	{path: "search", rooms: []string{"kb"}, others: []string{"github.com/blevesearch/", "github.com/goccy/go-yaml", "golang.org/x/text", "golang.org/x/sync"}},
	{path: "search/tickets", rooms: []string{"search"}, others: []string{"github.com/blevesearch/"}},
	{path: "deflect", others: []string{"github.com/google/uuid"}},
	{path: "deflect/ticket", rooms: []string{"deflect/sla"}, others: []string{"github.com/google/uuid"}},
	{path: "deflect/sla", rooms: []string{"deflect/sla"}},
	{path: "deflect/policy", rooms: []string{"deflect/sla"}, others: []string{"github.com/goccy/go-yaml", "golang.org/x/text"}},
	{path: "deflect/team", rooms: []string{"deflect/ticket"}, others: []string{"github.com/google/uuid", "github.com/goccy/go-yaml"}},
	{path: "deflect/intake", rooms: []string{"deflect", "deflect/policy", "deflect/ticket"}, others: []string{"github.com/google/uuid"}},
	{path: "deflect/notify", rooms: []string{"deflect/ticket"}, others: []string{"github.com/google/uuid", "github.com/wneessen/go-mail"}},
	{path: "deflect/gaps", others: []string{"golang.org/x/text"}},
	{path: "deflect/demo", rooms: []string{"deflect", "deflect/intake", "deflect/sla", "deflect/ticket"}},
	{path: "deflect/report", rooms: []string{"deflect", "deflect/sla", "deflect/ticket"}},
	{path: "store", rooms: []string{"deflect/..."}, others: []string{
		"modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3", "github.com/google/uuid",
	}},
	{path: "store/storetest", rooms: []string{"store"}},
	{path: "themes"},
	{path: "web/chart"},
	{path: "web", rooms: []string{"web/chart", "deflect/...", "kb/...", "search/...", "themes"}, others: []string{
		"github.com/gin-gonic/gin", "github.com/nicksnyder/go-i18n/v2", "github.com/BurntSushi/toml", "golang.org/x/crypto/argon2",
		"golang.org/x/text", "golang.org/x/time", "golang.org/x/net/html", "rsc.io/qr", "github.com/prometheus/client_golang",
	}},
	{path: "internal", others: []string{"golang.org/x/net/html"}},
	{path: "internal/errs"},
	{path: "internal/clock"},
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
	Dir        string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles,Dir", module+"/...")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func ruleFor(path string) *rule {
	var best *rule
	for i := range rules {
		if r := &rules[i]; (path == r.path || strings.HasPrefix(path, r.path+"/")) && (best == nil || len(r.path) > len(best.path)) {
			best = r
		}
	}
	return best
}

func allowed(r *rule, imported string) bool {
	room, own := strings.CutPrefix(imported, module+"/")
	if own {
		if strings.HasPrefix(room, "internal/") {
			return true
		}
		return slices.ContainsFunc(r.rooms, func(a string) bool {
			below, ok := strings.CutSuffix(a, "...")
			return a == room || ok && (strings.HasPrefix(room+"/", below))
		})
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(r.others, func(p string) bool { return strings.HasPrefix(imported, p) })
}

// The arrows of the house: a package that reaches where it must not go makes
// two rooms into one.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		r := ruleFor(path)
		if r == nil {
			t.Errorf("%s: no rule for this package; a new room needs a reason and a line in this test", path)
			continue
		}
		for _, i := range p.Imports {
			if !allowed(r, i) {
				t.Errorf("%s must not import %s", path, i)
			}
		}
	}
}

// Only internal/clock and the program itself read the machine's clock;
// everything else is handed one.
func TestTheClockIsPassedIn(t *testing.T) {
	eachFile(t, func(path string, f *ast.File, fset *token.FileSet) {
		if strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "store/storetest/") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
				t.Errorf("%s: time.%s; take a clock.Clock", fset.Position(n.Pos()), sel.Sel.Name)
			}
			return true
		})
	})
}

// Every exported name says what it is for.
func TestExportedNamesAreDocumented(t *testing.T) {
	eachFile(t, func(path string, f *ast.File, fset *token.FileSet) {
		if f.Name.Name == "main" {
			return
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s: %s has no doc comment", fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					undocumented(t, fset, d, s)
				}
			}
		}
	})
}

func undocumented(t *testing.T, fset *token.FileSet, d *ast.GenDecl, s ast.Spec) {
	t.Helper()
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
			t.Errorf("%s: type %s has no doc comment", fset.Position(s.Pos()), s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				t.Errorf("%s: %s has no doc comment", fset.Position(s.Pos()), n.Name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// eachFile parses every Go file of the program, tests left out.
func eachFile(t *testing.T, f func(path string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	base := root(t)
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != base || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(base, path)
		if err == nil {
			f(filepath.ToSlash(rel), file, fset)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
