package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestCSVCellsCannotBeFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"=HYPERLINK(1)": "'=HYPERLINK(1)", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "": "", "facture": "facture", "a=b": "a=b",
	} {
		if got := Harmless(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var r SearchReport
	r.Top = map[QueryKind][]QueryRow{AnyQuery: {{Lang: "fr", Query: "=cmd|' /C calc'!A0", QueryCounts: QueryCounts{N: 1}}}}
	var out bytes.Buffer
	if err := r.Tables()[1].WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `'=cmd`) {
		t.Errorf("a visitor's formula went through:\n%s", out.String())
	}
	change := Table{Columns: []string{"value", "low", "high"}}
	change.add(Difference{OK: true, Value: -0.25, Low: -0.5, High: 0.1})
	if got := strings.Join(change.Rows[0], " "); got != "-0.25 -0.5 0.1" {
		t.Errorf("numbers were changed: %s", got)
	}
}

// Reports about nothing can be written in both forms: every row has its
// columns, and JSON knows no NaN.
func TestEmptyReportsExport(t *testing.T) {
	for name, r := range map[string]Exporter{
		"deflection": DeflectionReport{}, "search": SearchReport{}, "articles": ArticleReport{}, "support": SupportReport{}, "sla": SLAReport{},
	} {
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s as JSON: %v", name, err)
		}
		for _, table := range r.Tables() {
			for _, row := range table.Rows {
				if len(row) != len(table.Columns) {
					t.Errorf("%s, table %s: %d cells under %d columns: %v", name, table.Name, len(row), len(table.Columns), row)
				}
			}
		}
	}
}

func TestRatesOfNothing(t *testing.T) {
	for _, r := range []Rate{RateOf(0, 0), RateOf(1, 0), RateOf(3, 2), RateOf(-1, 4)} {
		if r.OK || r.Value != 0 || math.IsNaN(r.Low) {
			t.Errorf("%+v passes for a rate", r)
		}
	}
	if n := ratio(0, 0, 0); n.OK || n.Value != 0 {
		t.Errorf("%+v passes for a number", n)
	}
	if s := SpreadOf(nil); s.OK() {
		t.Errorf("%+v passes for a sample", s)
	}
	if d := Change(RateOf(0, 0), RateOf(1, 2)); d.OK || d.Worse() {
		t.Errorf("%+v passes for a change", d)
	}
}

// Newcombe's example: 56 of 70 before 48 of 80 (Statistics in Medicine 17,
// 1998, table II a, method 10: 0.0524 to 0.3339).
func TestChangeAsPublished(t *testing.T) {
	d := Change(RateOf(48, 80), RateOf(56, 70))
	if math.Abs(d.Value-0.2) > 1e-9 || math.Abs(d.Low-0.0524) > 5e-5 || math.Abs(d.High-0.3339) > 5e-5 {
		t.Errorf("got %+v", d)
	}
	if !d.Better() || d.Worse() {
		t.Errorf("%+v should be better", d)
	}
}
