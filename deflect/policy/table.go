package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// root reads the file: calendars first, since everything else names them.
func (l *loader) root(n ast.Node) {
	f := l.fields(n, "policy", "name", "effective", "working_days", "staffing", "alerts", "timers", "calendars", "tiers", "targets", "credits")
	for _, k := range []string{"name", "working_days", "alerts", "calendars", "tiers", "targets"} {
		if f[k] == nil {
			l.fail(n, "policy: %s is missing", k)
		}
	}
	if f["name"] != nil {
		l.policy.Name = l.text(f["name"], "name")
	}
	if f["effective"] != nil {
		l.policy.Effective = l.instant(f["effective"], "policy")
	}
	if f["calendars"] != nil {
		for _, p := range l.mapping(f["calendars"], "calendars") {
			// A calendar with mistakes is noted as nil, so that those who name
			// it are not blamed as well.
			l.calendars[p.key] = l.calendar(p.key, p.value)
		}
	}
	if f["working_days"] != nil {
		l.policy.Working = l.named(f["working_days"], "working_days")
	}
	l.staffing(f["staffing"])
	if f["alerts"] != nil {
		l.alerts(f["alerts"])
	}
	if f["timers"] != nil {
		l.timers(f["timers"])
	}
	if f["tiers"] != nil {
		l.tiers(f["tiers"])
	}
	if f["targets"] != nil {
		for _, v := range l.list(f["targets"], "targets") {
			l.target(v)
		}
		l.complete(f["targets"])
	}
	if f["credits"] != nil {
		l.credits(f["credits"])
	}
}

// named is the calendar a value names.
func (l *loader) named(n ast.Node, what string) *sla.Calendar {
	return l.calendarOf(n, l.text(n, what), what)
}

func (l *loader) calendarOf(n ast.Node, name, what string) *sla.Calendar {
	c, ok := l.calendars[name]
	if !ok {
		l.fail(n, "%s: there is no calendar %q", what, name)
	}
	return c
}

func (l *loader) alerts(n ast.Node) {
	for _, v := range l.list(n, "alerts") {
		p, err := strconv.Atoi(l.text(v, "alerts"))
		if err != nil || p < 1 || p > 100 {
			l.fail(v, "alerts: want whole percents from 1 to 100")
			continue
		}
		if k := len(l.policy.Alerts); k > 0 && p <= l.policy.Alerts[k-1] {
			l.fail(v, "alerts: %d does not come after %d", p, l.policy.Alerts[k-1])
		}
		l.policy.Alerts = append(l.policy.Alerts, p)
	}
}

func (l *loader) tiers(n ast.Node) {
	for _, v := range l.list(n, "tiers") {
		f := l.fields(v, "tier", "name", "calendar", "mrr_over", "credits")
		t := sla.Tier{MinMRR: -1}
		if f["name"] == nil || f["calendar"] == nil {
			l.fail(v, "tier: name and calendar are needed")
			continue
		}
		t.Name, t.Calendar = l.text(f["name"], "tier name"), l.named(f["calendar"], "tier")
		if l.tier(t.Name) {
			l.fail(v, "tier %s is given twice", t.Name)
		}
		if f["mrr_over"] != nil {
			eur, err := strconv.ParseInt(l.text(f["mrr_over"], "mrr_over"), 10, 64)
			if err != nil || eur < 0 || eur > 1e12 {
				l.fail(f["mrr_over"], "tier %s: mrr_over: want whole euros a month", t.Name)
			}
			t.MinMRR = 100 * eur
		}
		if f["credits"] != nil {
			t.Credits = l.yes(f["credits"], "credits")
		}
		l.policy.Tiers = append(l.policy.Tiers, t)
	}
	if len(l.policy.Tiers) == 0 {
		l.fail(n, "tiers: want at least one")
	}
}

func (l *loader) tier(name string) bool {
	return slices.ContainsFunc(l.policy.Tiers, func(t sla.Tier) bool { return t.Name == name })
}

// target reads one line of the table.
func (l *loader) target(n ast.Node) {
	f := l.fields(n, "target", "tier", "target", "kind", "rule", "cells")
	for _, k := range []string{"tier", "target", "kind", "cells"} {
		if f[k] == nil {
			l.fail(n, "target: %s is missing", k)
			return
		}
	}
	cell := sla.Cell{Tier: l.text(f["tier"], "tier"), Target: sla.Target(l.text(f["target"], "target")), Kind: sla.Kind(l.text(f["kind"], "kind")), Working: l.policy.Working}
	if f["rule"] != nil {
		cell.Rule = l.text(f["rule"], "rule")
	}
	if !l.tier(cell.Tier) {
		l.fail(f["tier"], "target: there is no tier %q", cell.Tier)
	}
	if !slices.Contains(sla.Targets, cell.Target) {
		l.fail(f["target"], "target: unknown %q, want one of first_response, next_response, periodic_update, resolution", cell.Target)
	}
	if !slices.Contains([]sla.Kind{sla.Contractual, sla.Internal, sla.BestEffort}, cell.Kind) {
		l.fail(f["kind"], "target: kind %q, want contractual, internal or best_effort", cell.Kind)
	}
	// Only these two wait with the customer (D-14).
	cell.Pauses = cell.Target == sla.Resolution || cell.Target == sla.PeriodicUpdate
	for _, p := range l.mapping(f["cells"], "cells") {
		cell.Priority = sla.Priority(p.key)
		if !slices.Contains(sla.Priorities, cell.Priority) {
			l.fail(p.at, "cells: unknown priority %q, want P0 to P4", p.key)
			continue
		}
		l.cell(cell, p)
	}
}

// figureText is a cell: an amount of open time, or working days with at least
// some open time, and a calendar.
var figureText = regexp.MustCompile(`^(?:([0-9]+) working days?(?: and at least ([0-9a-z.]+))?|([-0-9a-z.]+)) on (\S+)$`)

// cell reads one figure and its calendar.
func (l *loader) cell(cell sla.Cell, p pair) {
	text := l.text(p.value, "cell")
	m := figureText.FindStringSubmatch(text)
	if m == nil {
		l.fail(p.value, "cell %q: want a figure and a calendar, such as 4h on standard or 5 working days and at least 72h on standard", text)
		return
	}
	if m[1] != "" {
		days, err := strconv.Atoi(m[1])
		if err != nil || days < 1 || days > 366 {
			l.fail(p.value, "cell %q: want 1 to 366 working days", text)
		}
		cell.Figure.WorkingDays = days
	}
	if open := m[2] + m[3]; open != "" {
		d, err := time.ParseDuration(open)
		switch {
		case err != nil:
			l.fail(p.value, "cell %q: %q is not an amount of time such as 90m or 4h", text, open)
		case d <= 0 || d > 10*365*24*time.Hour:
			l.fail(p.value, "cell %q: a target must be above zero and at most ten years (D-3)", text)
		}
		cell.Figure.Open = d
	}
	cell.Calendar = l.calendarOf(p.value, m[4], "cell")
	if slices.ContainsFunc(l.policy.Cells, func(c sla.Cell) bool {
		return c.Tier == cell.Tier && c.Target == cell.Target && c.Priority == cell.Priority
	}) {
		l.fail(p.at, "cell: %s %s %s is given twice", cell.Tier, cell.Target, cell.Priority)
	}
	l.policy.Cells = append(l.policy.Cells, cell)
}

// complete demands a first response for every tier and priority: the other
// targets may be left out.
func (l *loader) complete(n ast.Node) {
	for _, t := range l.policy.Tiers {
		for _, p := range sla.Priorities {
			if !slices.ContainsFunc(l.policy.Cells, func(c sla.Cell) bool {
				return c.Tier == t.Name && c.Priority == p && c.Target == sla.FirstResponse
			}) {
				l.fail(n, "targets: tier %s has no first_response for %s", t.Name, p)
			}
		}
	}
}

func (l *loader) credits(n ast.Node) {
	f := l.fields(n, "credits", "cap", "rules")
	if f["cap"] == nil || f["rules"] == nil {
		l.fail(n, "credits: cap and rules are needed")
		return
	}
	l.policy.CreditCap = l.share(f["cap"], "cap")
	for _, v := range l.list(f["rules"], "credits") {
		r := l.fields(v, "credit", "target", "priorities", "share")
		if r["target"] == nil || r["share"] == nil {
			l.fail(v, "credit: target and share are needed")
			continue
		}
		rule := sla.CreditRule{Target: sla.Target(l.text(r["target"], "target")), Share: l.share(r["share"], "share")}
		if !slices.Contains(sla.Targets, rule.Target) {
			l.fail(r["target"], "credit: unknown target %q", rule.Target)
		}
		if r["priorities"] != nil {
			for _, p := range l.list(r["priorities"], "priorities") {
				rule.Priorities = append(rule.Priorities, sla.Priority(l.text(p, "priority")))
				if !slices.Contains(sla.Priorities, rule.Priorities[len(rule.Priorities)-1]) {
					l.fail(p, "credit: unknown priority, want P0 to P4")
				}
			}
		}
		l.policy.Credits = append(l.policy.Credits, rule)
	}
}

// share reads a percentage as hundredths of a percent, above 0 and at most
// 100 % (D-25).
func (l *loader) share(n ast.Node, what string) int {
	text := l.text(n, what)
	number, ok := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	hundredths := int(v*100 + 0.5)
	if !ok || err != nil || hundredths < 1 || hundredths > 10000 {
		l.fail(n, "%s: %q, want a percentage above 0%% and at most 100%%", what, text)
		return 0
	}
	return hundredths
}
