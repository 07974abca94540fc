package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Table is a set of figures as rows of text, for a download. Texts in it
// cannot be taken for formulas; use WriteCSV, which leaves numbers alone.
type Table struct {
	Name    string // of the file, without extension
	Columns []string
	Rows    [][]string
}

// Harmless keeps a spreadsheet from running what a visitor typed: text that
// begins like a formula gets an apostrophe (OWASP, CSV injection).
func Harmless(cell string) string {
	if cell != "" {
		switch cell[0] {
		case '=', '+', '-', '@', '\t', '\r', '\n':
			return "'" + cell
		}
	}
	return cell
}

// WriteCSV writes the table. Its texts are harmless already, its numbers keep
// their signs.
func (t Table) WriteCSV(w io.Writer) error {
	cw := csv.NewWriter(w)
	if err := cw.WriteAll(append([][]string{t.Columns}, t.Rows...)); err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}

// WriteJSON writes a report as indented JSON. Figures that are missing have
// "ok": false; there is never a NaN.
func WriteJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

// Exporter is a report that can be downloaded: as tables for a spreadsheet,
// and itself as JSON.
type Exporter interface{ Tables() []Table }

// add appends a row made of texts, whole numbers, rates, numbers and spreads.
// A rate takes five cells (k, n, value, low, high), a number two (value, n), a
// spread four (n, mean, median, p90); what is missing is left empty.
func (t *Table) add(cells ...any) {
	var row []string
	for _, c := range cells {
		switch v := c.(type) {
		case string:
			row = append(row, Harmless(v))
		case Day:
			row = append(row, string(v))
		case int:
			row = append(row, strconv.Itoa(v))
		case int64:
			row = append(row, strconv.FormatInt(v, 10))
		case float64:
			row = append(row, decimal(v, true))
		case Rate:
			row = append(row, strconv.Itoa(v.K), strconv.Itoa(v.N), decimal(v.Value, v.OK), decimal(v.Low, v.OK), decimal(v.High, v.OK))
		case Number:
			row = append(row, decimal(v.Value, v.OK), strconv.Itoa(v.N))
		case Spread:
			row = append(row, strconv.Itoa(v.N), decimal(v.Mean, v.OK()), decimal(v.Median, v.OK()), decimal(v.P90, v.OK()))
		case Difference:
			row = append(row, decimal(v.Value, v.OK), decimal(v.Low, v.OK), decimal(v.High, v.OK))
		default:
			row = append(row, fmt.Sprint(v))
		}
	}
	t.Rows = append(t.Rows, row)
}

func decimal(v float64, ok bool) string {
	if !ok {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// of names the five columns of a rate.
func of(name string) []string {
	return []string{name + "_k", name + "_n", name, name + "_low", name + "_high"}
}

// sample names the four columns of a spread, in seconds.
func sample(name string) []string {
	return []string{name + "_n", name + "_mean_s", name + "_median_s", name + "_p90_s"}
}

// columns joins names and groups of names.
func columns(groups ...any) []string {
	var all []string
	for _, g := range groups {
		switch v := g.(type) {
		case string:
			all = append(all, v)
		case []string:
			all = append(all, v...)
		}
	}
	return all
}

var attemptColumns = []string{
	"attempts", "held_out", "could_see", "shown", "opened", "dwelt", "confirmed", "assumed", "abandoned", "tickets", "pending", "revoked", "repeats",
}

func (d Deflected) cells() []any {
	return []any{
		d.Attempts, d.Held, d.CouldSee, d.Shown, d.Opened, d.Dwelt, d.Confirmed, d.Assumed, d.Abandoned, d.Tickets, d.Pending, d.Revoked, d.Repeats,
		d.ConfirmedRate, d.AssumedRate, d.AbandonedRate, d.TicketRate, d.RevokedRate, d.Target,
	}
}

// Tables are the deflection figures: by dimension, over time, by article, and
// the funnel.
func (r DeflectionReport) Tables() []Table {
	rates := columns(attemptColumns, of("confirmed_rate"), of("assumed_rate"), of("abandoned_rate"), of("ticket_rate"), of("revoked_rate"), "target")
	cut := Table{Name: "deflection", Columns: columns("from", "to", "dimension", "value", rates)}
	put := func(from, to Day, dim string, d Deflected) {
		cut.add(append([]any{from, to, dim, d.Value}, d.cells()...)...)
	}
	put(r.Period.From, r.Period.To, "all", r.Total)
	for _, g := range []struct {
		dim  string
		rows []Deflected
	}{{ByCategory, r.Categories}, {ByLang, r.Langs}, {ByTier, r.Tiers}, {ByRoute, r.Routes}} {
		for _, d := range g.rows {
			put(r.Period.From, r.Period.To, g.dim, d)
		}
	}
	for _, s := range r.Steps {
		put(s.From, s.To, "time", s.Deflected)
	}
	articles := Table{Name: "deflection-articles", Columns: columns("lang", "article", "suggested", "opened", "confirmed", "assumed", "revoked", "ticketed",
		of("open_rate"), of("confirm_rate"), of("ticket_rate"))}
	for _, a := range r.Articles {
		articles.add(a.Lang, a.Article, a.Suggested, a.Opened, a.Confirmed, a.Assumed, a.Revoked, a.Ticketed, a.OpenRate, a.ConfirmRate, a.TicketRate)
	}
	steps := Table{Name: "contact-funnel", Columns: columns("step", of("of_attempts"))}
	for _, f := range r.Funnel {
		steps.add(f.Name, f.Of)
	}
	visits := Table{Name: "self-service", Columns: columns("visits", "searched_or_read", "without_ticket_72h", "ticket_authors", "visits_per_author", "authors", of("upper_bound"))}
	visits.add(r.Visits.Visits, r.Visits.Sought, r.Visits.NoTicket, r.Visits.Authors, r.Visits.SelfRatio, r.Visits.UpperBound)
	return []Table{cut, articles, steps, visits}
}

// Tables are the search figures, and the top questions of each kind.
func (r SearchReport) Tables() []Table {
	t := Table{Name: "search", Columns: columns("from", "to", "dimension", "value", "searches", "clicked", "no_result", "no_click", "reformulated",
		of("success_rate"), of("no_result_rate"), of("no_click_rate"), of("reformulated_rate"), "mean_position", "clicks")}
	put := func(from, to Day, dim string, s Searched) {
		t.add(from, to, dim, s.Value, s.Searches, s.Clicked, s.NoResult, s.NoClick, s.Reformulated,
			s.SuccessRate, s.NoResultRate, s.NoClickRate, s.ReformulatedRate, s.MeanPosition)
	}
	put(r.Period.From, r.Period.To, "all", r.Total)
	for _, l := range r.Langs {
		put(r.Period.From, r.Period.To, ByLang, l)
	}
	for _, s := range r.Steps {
		put(s.From, s.To, "time", s.Searched)
	}
	top := Table{Name: "searches", Columns: []string{"list", "lang", "query", "searches", "no_result", "no_click", "reformulated", "success"}}
	for _, kind := range QueryKinds {
		for _, q := range r.Top[kind] {
			top.add(string(kind), q.Lang, q.Query, q.N, q.NoResult, q.NoClick, q.Reformulated, q.Success)
		}
	}
	return []Table{t, top}
}

// Tables are the article figures, one row an article, and one a revision.
func (r ArticleReport) Tables() []Table {
	t := Table{Name: "articles", Columns: columns("lang", "article", "title", "section", "views", "suggested", "opened", "clicks", "reads", "tickets_after",
		of("helpful"), "shrunk", "votes", "edit_change", "edit_low", "edit_high", "made_worse", of("ticket_rate"), "stale_days")}
	revisions := Table{Name: "article-revisions", Columns: columns("lang", "article", "revision", of("helpful"), "reason", "reason_n")}
	for _, a := range r.Articles {
		t.add(a.Lang, a.Article, a.Title, a.Section, a.Views, a.Suggested, a.Opened, a.Clicks, a.Reads, a.TicketsAfter,
			a.Helpful, a.Shrunk, a.Edit, a.MadeWorse(), a.TicketRate, a.StaleDays)
		for _, v := range a.Revisions {
			revisions.add(a.Lang, a.Article, v.Revision, v.Helpful, "", "")
			for _, reason := range sortedKeys(v.Reasons) {
				revisions.add(a.Lang, a.Article, v.Revision, v.Helpful, reason, v.Reasons[reason])
			}
		}
	}
	return []Table{t, revisions}
}

func complianceTable(name string, groups ...[]Compliance) Table {
	t := Table{Name: name, Columns: columns("value", "created", "breached", "late_best_effort", of("kept"), of("first_response"), of("resolution"),
		sample("first_response_time"), sample("resolution_time"))}
	for _, rows := range groups {
		for _, c := range rows {
			t.add(c.Value, c.Created, c.Breached, c.Late, c.All, c.First, c.Solved, c.FirstTime, c.SolveTime)
		}
	}
	return t
}

// Tables are the support figures: the KPIs with their trends, the promises by
// tier and priority, volumes, work and causes.
func (r SupportReport) Tables() []Table {
	kpis := Table{Name: "kpis", Columns: columns("kpi", "unit", "from", "to", "value", "n", "median_s", "p90_s", "goal", "window", "window_value", "window_n", "before", "before_n")}
	for _, k := range r.KPIs {
		for _, w := range k.Windows {
			kpis.add(string(k.ID), string(k.Unit), r.Period.From, r.Period.To, k.Value, decimal(k.Spread.Median, k.Spread.OK()), decimal(k.Spread.P90, k.Spread.OK()),
				decimal(k.Goal.Value, k.Goal.OK), w.Days, w.Value, w.Before)
		}
	}
	points := Table{Name: "kpi-curves", Columns: []string{"kpi", "from", "to", "value", "n"}}
	for _, k := range r.KPIs {
		for _, p := range k.Points {
			points.add(string(k.ID), p.From, p.To, p.Number)
		}
	}
	volume := Table{Name: "volume", Columns: []string{"dimension", "value", "created", "resolved"}}
	for _, g := range []struct {
		dim  string
		rows []Volume
	}{{ByCategory, r.Categories}, {ByChannel, r.Channels}, {ByLang, r.Langs}} {
		for _, v := range g.rows {
			volume.add(g.dim, v.Value, v.Created, v.Resolved)
		}
	}
	work := Table{Name: "agents", Columns: []string{"staff", "replies", "resolved", "days"}}
	for _, a := range r.Agents {
		work.add(a.Staff, a.Replies, a.Resolved, a.Days)
	}
	causes := Table{Name: "causes", Columns: []string{"cause", "breaches"}}
	for _, c := range Causes {
		causes.add(string(c), r.Causes[c])
	}
	return []Table{kpis, points, complianceTable("compliance", r.Tiers, r.Priorities, r.Cells), volume, work, causes}
}

// Tables are the figures on promises, every broken one, and the causes.
func (r SLAReport) Tables() []Table {
	list := Table{Name: "breaches", Columns: []string{
		"number", "state", "customer", "mrr_eur", "target", "cycle", "due", "tier", "priority", "cause", "late_by_s", "by_reclassification", "note", "impact",
	}}
	for _, b := range r.Breaches {
		list.add(b.Number, b.State, b.Customer, float64(b.MRRCents)/100, b.Target, b.Cycle, b.At.Format("2006-01-02T15:04:05Z07:00"), b.Tier, b.Priority,
			string(b.Cause), b.LateBy, b.Reclass, b.Note.Cause, b.Note.Impact)
	}
	causes := Table{Name: "sla-causes", Columns: columns("cause", of("breaches"), "actions")}
	for _, c := range r.Causes {
		for _, a := range append([]string{""}, c.Actions...) {
			causes.add(string(c.Cause), c.Share, a)
		}
	}
	total := r.Total
	total.Value = "all"
	return []Table{complianceTable("sla", []Compliance{total}, r.Tiers, r.Priorities, r.Cells), list, causes}
}
