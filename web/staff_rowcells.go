package web

import (
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
)

// rowTitle says what rows are shown: "Searches: without a result".
func (l *Locale) rowTitle(k report.RowKind, field string) string {
	var name string
	switch {
	case strings.HasPrefix(field, "cause_"):
		name = l.T("rows.field.cause", "Cause", l.T("sla.cause."+strings.TrimPrefix(field, "cause_")))
	case strings.HasPrefix(field, "position_"):
		name = l.T("rows.field.position", "N", strings.TrimPrefix(field, "position_"))
	default:
		name = l.T("rows.field." + field)
	}
	return l.T("rows.heading", "Kind", l.T("rows.kind."+string(k)), "Field", name)
}

// cutName says where rows are cut: "Category: billing".
func (l *Locale) cutName(c report.Cell) string {
	if c.Dim == "" {
		return ""
	}
	name := c.Value
	switch table := rowWords[c.Dim]; {
	case c.Value == report.AnyValue:
		return ""
	case c.Value == "":
		name = l.T("category.unknown")
	case table != "" && l.Has(table+c.Value):
		name = l.T(table + c.Value)
	}
	if !l.Has("rows.cut." + c.Dim) {
		return name
	}
	return l.T("rows.cut."+c.Dim, "Value", name)
}

// rowWords are the tables of the locale that have the words for a column's
// values.
var rowWords = map[string]string{
	"category": "category.", "tier": "tier.", "outcome": "outcome.", "arm": "arm.", "target": "target.", "cause": "sla.cause.", "lang": "language.",
	"channel": "insights.channel_", "reason": voteReasonKey, "event": "rows.event.", "survey": "rows.survey.", "state": "state.", "credit": "credit.",
}

// numeric are the columns of numbers.
var numeric = map[string]bool{
	"suggested": true, "dwell_s": true, "results": true, "position": true, "searches": true, "pages": true, "articles": true, "revision": true,
	"score": true, "replies": true, "resolved": true, "tickets": true, "n": true, "open_s": true, "calendar_s": true, "handled_s": true,
	"monthly_eur": true, "broken": true, "share_percent": true, "applied_percent": true, "at_most_eur": true, "granted_eur": true,
}

// rowWriter puts rows into words.
type rowWriter struct {
	s       *Server
	loc     *Locale
	staff   map[string]string // names
	columns []string
	head    []column
}

func (s *Server) rowWriter(c *gin.Context, columns []string) (*rowWriter, error) {
	w := &rowWriter{s: s, loc: s.locale(c), columns: columns}
	for _, name := range columns {
		w.head = append(w.head, column{Name: w.loc.T("rows.column." + name), Num: numeric[name], Long: name == "query" || name == "comment"})
	}
	var err error
	w.staff, err = s.opt.Support.Store.StaffNames(c.Request.Context())
	return w, err
}

// table puts rows into words. A column in which nothing is said is left out;
// the file has it.
func (w *rowWriter) table(rows [][]any) (head []column, all [][]cell) {
	said := make([]bool, len(w.columns))
	for _, row := range rows {
		cells := w.cells(row)
		for j, c := range cells {
			said[j] = said[j] || c.Text != nothing
		}
		all = append(all, cells)
	}
	for j, h := range w.head {
		if said[j] {
			head = append(head, h)
		}
	}
	for i, row := range all {
		kept := row[:0]
		for j, c := range row {
			if said[j] {
				kept = append(kept, c)
			}
		}
		all[i] = kept
	}
	return head, all
}

// cells puts a row into words.
func (w *rowWriter) cells(row []any) []cell {
	out := make([]cell, len(row))
	for i, value := range row {
		out[i] = w.cell(w.columns[i], value)
		if out[i].Text == "" {
			out[i].Text = nothing
		}
	}
	return out
}

func (w *rowWriter) cell(name string, value any) cell {
	switch x := value.(type) {
	case time.Time:
		if x.IsZero() {
			return cell{}
		}
		return cell{Text: w.loc.DateTime(x)}
	case bool:
		if x {
			return cell{Text: w.loc.T("rows.yes")}
		}
		return cell{Text: w.loc.T("rows.no")}
	case int:
		return cell{Text: w.number(name, int64(x))}
	case int64:
		return cell{Text: w.number(name, x)}
	case float64: // an amount or a percentage
		return cell{Text: w.loc.Decimal(x, 2)}
	case report.Ref:
		return w.ref(x)
	case string:
		switch {
		case x == "" && name == "outcome":
			x = "none"
		case x == "" && (name == "category" || name == "route"):
			x = "unknown"
			name = "category"
		}
		if table := rowWords[name]; table != "" && x != "" && w.loc.Has(table+x) {
			return cell{Text: w.loc.T(table + x)}
		}
		return cell{Text: x}
	}
	return cell{Text: fileText(value)}
}

// number writes a number; those of columns ending in "_s" are seconds.
func (w *rowWriter) number(name string, n int64) string {
	if strings.HasSuffix(name, "_s") {
		if n < 60 {
			return w.loc.T("rows.seconds", "N", n)
		}
		return w.loc.Hours(time.Duration(n) * time.Second)
	}
	return w.loc.Number(int(n))
}

// ref leads to a thing of its own.
func (w *rowWriter) ref(r report.Ref) cell {
	if r.ID == "" {
		return cell{}
	}
	switch r.Kind {
	case "ticket":
		text := r.Text
		if text == "" {
			text = w.loc.T("rows.see")
		}
		return cell{Text: text, Path: "/staff/tickets/" + r.ID}
	case "attempt":
		return cell{Text: w.loc.T("rows.see"), Path: "/staff/attempts/" + r.ID}
	case "article":
		lang, article, _ := strings.Cut(r.ID, "/")
		return w.s.articleCell(lang, article)
	case "staff":
		if name := w.staff[r.ID]; name != "" {
			return cell{Text: name}
		}
	}
	return cell{Text: r.ID}
}
