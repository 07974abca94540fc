package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
)

// slaExplainCmd prints the clocks of one ticket.
type slaExplainCmd struct {
	dataFlags
	Policy string `help:"SLA policy file; the built-in one when left out." type:"existingfile" placeholder:"FILE"`
	Number string `arg:"" help:"Tracking number, VM-7K3F-92."`
}

// Run explains the ticket as it stands now.
func (cmd slaExplainCmd) Run(ctx context.Context, con console) (err error) {
	set, err := cmd.loadPolicy(cmd.Policy)
	if err != nil {
		return err
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t, err := db.TicketByNumber(ctx, strings.ToUpper(cmd.Number))
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("no ticket %s", cmd.Number)
	}
	if err != nil {
		return err
	}
	events, err := db.EventsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	state := sla.Evaluate(ticket.SLALog(events), set.Book, clock.System{}.Now())
	if err := explain(con.out, t, state); err != nil {
		return err
	}
	return explainTimers(con.out, ticket.Clocks{Book: set.Book}, events, state.At)
}

// explainTimers writes what timers have done, what they would do now, and when
// they look at the ticket next.
func explainTimers(w io.Writer, clocks ticket.Clocks, events []ticket.Event, now time.Time) error {
	var b strings.Builder
	b.WriteString("\ntimers (D-18, D-21, D-22, D-24)\n")
	for _, e := range events {
		switch e.Kind {
		case ticket.AlertFired, ticket.BreachNoted, ticket.Paged, ticket.CustomerTold, ticket.EscalationDue:
			d := e.Data
			fmt.Fprintf(&b, "  %s  %s", stamp(e.At, ""), e.Kind)
			for _, part := range []string{d.Target, d.MailKind, d.To} {
				if part != "" {
					b.WriteString(" " + part)
				}
			}
			if d.Percent > 0 {
				fmt.Fprintf(&b, " %d %%", d.Percent)
			}
			b.WriteByte('\n')
		}
	}
	due, wake := clocks.Timers(events, now)
	for _, a := range due {
		fmt.Fprintf(&b, "  due since %s: %s %s%s%s\n", stamp(a.At, ""), a.Kind, a.Target, a.Notice, a.Level)
	}
	if len(due) == 0 {
		fmt.Fprintf(&b, "  next look %s\n", stamp(wake, ""))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explain writes every clock of a ticket: its figure and the rule behind it,
// what ran and what was paused, alerts and breaches.
func explain(w io.Writer, t ticket.Ticket, state sla.State) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s  %s\nreceived %s, as of %s\n", t.Number, t.Tier, t.Priority, t.State, stamp(t.ReceivedAt, ""), stamp(state.At, ""))
	for _, c := range state.Cycles {
		fmt.Fprintf(&b, "\n%s, cycle %d: %s (%s, %s)\n", c.Target, c.Number, c.Status, c.Kind, c.Rule)
		fmt.Fprintf(&b, "  figure %s on calendar %s (%s)\n", figure(c.Figure), c.Calendar, c.Zone)
		if !c.Due.IsZero() {
			fmt.Fprintf(&b, "  due %s\n", stamp(c.Due, c.Zone))
		}
		fmt.Fprintf(&b, "  elapsed %s, remaining %s, paused %s\n", figure(c.Elapsed), figure(c.Remaining), figure(c.Paused))
		for _, s := range c.Stretches {
			what := "runs"
			if s.Paused {
				rule := "D-14"
				if s.Reason == sla.ReasonResolved {
					rule = "D-15"
				}
				what = "paused (" + s.Reason + ", " + rule + ")"
			}
			fmt.Fprintf(&b, "    %s  ->  %s  %s, %s open\n", stamp(s.From, c.Zone), stamp(s.To, c.Zone), what, figure(s.Open))
		}
		for _, a := range c.Alerts {
			switch {
			case a.Skipped:
				fmt.Fprintf(&b, "  alert %d %%: jumped over by a recalculation (D-18)\n", a.Percent)
			case !a.FiredAt.IsZero():
				fmt.Fprintf(&b, "  alert %d %%: %s (D-18)\n", a.Percent, stamp(a.FiredAt, c.Zone))
			case !a.At.IsZero():
				fmt.Fprintf(&b, "  alert %d %%: to come %s (D-18)\n", a.Percent, stamp(a.At, c.Zone))
			}
		}
		if c.Breach != nil {
			fmt.Fprintf(&b, "  breached at %s (D-17)", stamp(c.Breach.At, c.Zone))
			if c.Breach.ByReclassification {
				fmt.Fprintf(&b, ", noticed at %s by a reclassification (D-16)", stamp(c.Breach.NoticedAt, c.Zone))
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// stamp writes an instant in a zone, UTC for "".
func stamp(t time.Time, zone string) string {
	if t.IsZero() {
		return "-"
	}
	if zone != "" {
		if loc, err := time.LoadLocation(zone); err == nil {
			t = t.In(loc)
		}
	}
	return t.Format("2006-01-02 15:04:05 MST")
}

func figure(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Second).String(), "0s"), "m0")
}

// slaBacktestCmd replays history under another policy.
type slaBacktestCmd struct {
	dataFlags
	Policy string `help:"The policy to try." type:"existingfile" required:"" placeholder:"FILE"`
	Now    string `help:"The policy in force; the built-in one when left out." type:"existingfile" placeholder:"FILE"`
}

// backtestStep is how many tickets are in memory at once.
const backtestStep = 500

// Run prints one line for each promise that one policy breaks and the other
// does not, and the sums.
func (cmd slaBacktestCmd) Run(ctx context.Context, con console) (err error) {
	now, err := cmd.loadPolicy(cmd.Now)
	if err != nil {
		return err
	}
	then, err := cmd.loadPolicy(cmd.Policy)
	if err != nil {
		return err
	}
	db, err := cmd.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	at := clock.System{}.Now()
	tickets, before, after := 0, 0, 0
	for last := ""; ; {
		step, err := db.TicketsAfter(ctx, last, backtestStep)
		if err != nil {
			return err
		}
		for _, t := range step {
			events, err := db.EventsOf(ctx, t.ID)
			if err != nil {
				return err
			}
			log := ticket.SLALog(events)
			was, would := breaches(sla.Evaluate(log, now.Book, at)), breaches(sla.Evaluate(log, then.Book, at))
			tickets++
			before += len(was)
			after += len(would)
			compare(con.out, t.Number, was, would)
		}
		if len(step) < backtestStep {
			break
		}
		last = step[len(step)-1].ID
	}
	_, err = fmt.Fprintf(con.out, "%d tickets: %d breaches under the policy in force, %d under %s\n", tickets, before, after, cmd.Policy)
	return err
}

// breaches are a ticket's broken promises by target and cycle.
func breaches(s sla.State) map[string]time.Time {
	m := map[string]time.Time{}
	for _, b := range s.Breaches() {
		m[fmt.Sprintf("%s %d", b.Target, b.Cycle)] = b.At
	}
	return m
}

func compare(w io.Writer, number string, was, would map[string]time.Time) {
	for what, at := range would {
		if _, ok := was[what]; !ok {
			fmt.Fprintf(w, "%s  %s would be breached at %s\n", number, what, stamp(at, ""))
		}
	}
	for what := range was {
		if _, ok := would[what]; !ok {
			fmt.Fprintf(w, "%s  %s would be kept\n", number, what)
		}
	}
}
