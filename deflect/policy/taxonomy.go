package policy

import (
	_ "embed"
	"io/fs"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// TaxonomyYAML is the shipped taxonomy: the three levels of D-23.
//
//go:embed taxonomy.yaml
var TaxonomyYAML []byte

// Node is an entry of the taxonomy with what it is called.
type Node struct {
	ID     string // lower-case letters, digits and hyphens; stored with the tickets
	FR, EN string
	Kinds  []Node // of a category: its second level
}

// Label is the entry's name in a language; English for one it does not have.
func (n Node) Label(lang string) string {
	if lang == "fr" {
		return n.FR
	}
	return n.EN
}

// Taxonomy is the three levels by which questions are sorted (D-23): category,
// kind, and component of the product, which is the same list for all.
type Taxonomy struct {
	Categories []Node
	Components []Node
}

// DefaultTaxonomy loads the shipped one.
func DefaultTaxonomy() (*Taxonomy, error) { return ParseTaxonomy("taxonomy.yaml", TaxonomyYAML) }

// LoadTaxonomy reads a taxonomy file; all its mistakes come back as Problems.
func LoadTaxonomy(fsys fs.FS, name string) (*Taxonomy, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return ParseTaxonomy(name, data)
}

// ParseTaxonomy reads a taxonomy from memory; file is its name in problems.
func ParseTaxonomy(file string, data []byte) (*Taxonomy, error) {
	r := reader{file: file}
	body, err := parse(data)
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	var t Taxonomy
	f := r.fields(body, "taxonomy", "categories", "components")
	for _, k := range []string{"categories", "components"} {
		if f[k] == nil {
			r.fail(body, "taxonomy: %s is missing", k)
		}
	}
	if f["categories"] != nil {
		t.Categories = r.taxa(f["categories"], "category", "kinds")
	}
	if f["components"] != nil {
		t.Components = r.taxa(f["components"], "component", "")
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, r.problems
	}
	return &t, nil
}

// taxonID is the form of an id.
var taxonID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// taxa reads a list of entries; below is the key of the next level, "" for
// none.
func (r *reader) taxa(n ast.Node, what, below string) []Node {
	var out []Node
	known := []string{"id", "fr", "en"}
	if below != "" {
		known = append(known, below)
	}
	for _, v := range r.list(n, what) {
		f := r.fields(v, what, known...)
		var e Node
		for key, to := range map[string]*string{"id": &e.ID, "fr": &e.FR, "en": &e.EN} {
			if f[key] == nil {
				r.fail(v, "%s: %s is missing", what, key)
				continue
			}
			*to = r.text(f[key], what+" "+key)
		}
		switch {
		case f["id"] == nil:
		case !taxonID.MatchString(e.ID) || len(e.ID) > 40:
			r.fail(f["id"], "%s: id %q, want lower-case letters, digits and hyphens, at most 40", what, e.ID)
		case slices.ContainsFunc(out, func(o Node) bool { return o.ID == e.ID }):
			r.fail(f["id"], "%s: %q is given twice", what, e.ID)
		}
		if below != "" && f[below] != nil {
			e.Kinds = r.taxa(f[below], what+" "+e.ID, "")
		}
		out = append(out, e)
	}
	return out
}

// CategoryNames are the first two levels as rules name them: each category,
// and behind it each of its kinds, "technical/outage".
func (t *Taxonomy) CategoryNames() []string {
	var all []string
	for _, c := range t.Categories {
		all = append(all, c.ID)
		for _, k := range c.Kinds {
			all = append(all, c.ID+"/"+k.ID)
		}
	}
	return all
}

// ComponentNames are the ids of the third level.
func (t *Taxonomy) ComponentNames() []string {
	all := make([]string, len(t.Components))
	for i, c := range t.Components {
		all[i] = c.ID
	}
	return all
}

// find is the entry with an id.
func find(list []Node, id string) (Node, bool) {
	i := slices.IndexFunc(list, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return Node{}, false
	}
	return list[i], true
}

// Known says whether the levels exist and belong together; "" is unknown, and
// a kind needs its category.
func (t *Taxonomy) Known(category, kind, component string) bool {
	if component != "" {
		if _, ok := find(t.Components, component); !ok {
			return false
		}
	}
	if category == "" {
		return kind == ""
	}
	c, ok := find(t.Categories, category)
	if ok && kind != "" {
		_, ok = find(c.Kinds, kind)
	}
	return ok
}
