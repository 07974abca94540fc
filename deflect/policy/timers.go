package policy

import (
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// defaultStaffing is the calendar of the desk's hours in a file that names
// none.
const defaultStaffing = "business"

// staffing is when the desk is staffed: the named calendar, else the one
// called business if the file has it.
func (l *loader) staffing(n ast.Node) {
	if n == nil {
		l.policy.Staffing = l.calendars[defaultStaffing]
		return
	}
	l.policy.Staffing = l.named(n, "staffing")
}

// longestWait bounds a timer, as ten years bound a target.
const longestWait = 10 * 365 * 24 * time.Hour

// timers reads the waits of D-21 and D-24; what is left out keeps its default.
func (l *loader) timers(n ast.Node) {
	t := &l.policy.Timers
	f := l.fields(n, "timers", "waiting", "resolved", "asked", "escalation")
	if v := f["waiting"]; v != nil {
		w := l.fields(v, "timers waiting", "reminder", "close")
		l.wait(w["reminder"], "waiting reminder", &t.WaitingReminder)
		l.wait(w["close"], "waiting close", &t.WaitingClose)
	}
	if v := f["resolved"]; v != nil {
		l.wait(l.fields(v, "timers resolved", "close")["close"], "resolved close", &t.ResolvedClose)
	}
	if v := f["asked"]; v != nil {
		w := l.fields(v, "timers asked", "priorities", "reminder", "close")
		l.priorities(w["priorities"], "asked", &t.Asked)
		l.wait(w["reminder"], "asked reminder", &t.AskedReminder)
		l.wait(w["close"], "asked close", &t.AskedClose)
	}
	if v := f["escalation"]; v != nil {
		l.escalation(v, t)
	}
	for _, o := range []struct {
		what            string
		reminder, close time.Duration
	}{{"waiting", t.WaitingReminder, t.WaitingClose}, {"asked", t.AskedReminder, t.AskedClose}} {
		if o.close > 0 && o.reminder >= o.close {
			l.fail(n, "timers: %s: the reminder after %s would come no earlier than the closing after %s", o.what, o.reminder, o.close)
		}
	}
}

func (l *loader) escalation(n ast.Node, t *sla.Timers) {
	f := l.fields(n, "timers escalation", "no_progress", "formal", "priorities", "third_level", "third_share")
	l.wait(f["no_progress"], "no_progress", &t.NoProgress)
	l.wait(f["formal"], "formal", &t.Formal)
	l.priorities(f["priorities"], "escalation", &t.Pressing)
	if v := f["third_level"]; v != nil {
		t.ThirdLevel = map[sla.Priority]time.Duration{}
		for _, p := range l.mapping(v, "third_level") {
			if !slices.Contains(sla.Priorities, sla.Priority(p.key)) {
				l.fail(p.at, "third_level: unknown priority %q, want P0 to P4", p.key)
				continue
			}
			var d time.Duration
			l.wait(p.value, "third_level", &d)
			t.ThirdLevel[sla.Priority(p.key)] = d
		}
	}
	if v := f["third_share"]; v != nil {
		p, err := strconv.Atoi(l.text(v, "third_share"))
		if err != nil || p < 1 || p > 100 {
			l.fail(v, "third_share: want a whole percent from 1 to 100")
		}
		t.ThirdShare = p
	}
}

// wait reads an amount of time, such as 72h; never switches the timer off.
func (l *loader) wait(n ast.Node, what string, into *time.Duration) {
	if n == nil {
		return
	}
	text := l.text(n, what)
	if text == "never" {
		*into = 0
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > longestWait {
		l.fail(n, "%s: %q, want an amount of time above zero and at most ten years, such as 72h, or never", what, text)
		return
	}
	*into = d
}

func (l *loader) priorities(n ast.Node, what string, into *[]sla.Priority) {
	if n == nil {
		return
	}
	*into = nil
	for _, v := range l.list(n, what+" priorities") {
		p := sla.Priority(l.text(v, what+" priorities"))
		if !slices.Contains(sla.Priorities, p) {
			l.fail(v, "%s: unknown priority %q, want P0 to P4", what, p)
			continue
		}
		*into = append(*into, p)
	}
}
