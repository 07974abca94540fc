package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
)

// rulesCmd groups the tools for the rules that sort new tickets.
type rulesCmd struct {
	Print  rulesPrintCmd  `cmd:"" help:"Print the shipped rules, ready to be edited."`
	Check  rulesCheckCmd  `cmd:"" help:"Check a rules file: every mistake with its line."`
	DryRun rulesDryRunCmd `cmd:"" help:"Say what a rules file would have changed on the tickets there are."`
}

// rulesPrintCmd prints the shipped rules.
type rulesPrintCmd struct{}

// Run prints.
func (rulesPrintCmd) Run(con console) error {
	_, err := con.out.Write(policy.DefaultRulesYAML)
	return err
}

// rulesCheckCmd checks a file.
type rulesCheckCmd struct {
	taxonomyFlag
	File string `arg:"" help:"Rules file." type:"existingfile"`
}

// taxonomyFlag names the taxonomy whose categories rules may name.
type taxonomyFlag struct {
	Taxonomy string `help:"Taxonomy of questions; the built-in one when left out." type:"existingfile" placeholder:"FILE"`
}

// Run checks.
func (c rulesCheckCmd) Run(con console) error {
	rules, err := loadRules(c.File, c.Taxonomy)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "%s: %d rules, in order\n", c.File, rules.Len())
	return err
}

func loadRules(file, taxonomy string) (*policy.Rules, error) {
	known, err := loadTaxonomy(taxonomy)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rules, err := policy.ParseRules(file, data, intake.Vocabulary(known))
	if err != nil {
		return nil, fmt.Errorf("the rules are refused:\n%w", err)
	}
	return rules, nil
}

// rulesDryRunCmd runs a file over the history.
type rulesDryRunCmd struct {
	dataFlags
	taxonomyFlag
	File string `arg:"" help:"Rules file." type:"existingfile"`
	All  bool   `help:"List the tickets that would have gone the same way too."`
}

// Run prints each ticket that would have started otherwise, and the counts.
func (c rulesDryRunCmd) Run(ctx context.Context, con console) (err error) {
	rules, err := loadRules(c.File, c.Taxonomy)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	run := dryRun{rules: rules, all: c.All, fired: map[string]int{}, w: tabwriter.NewWriter(con.out, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(run.w, "ticket\treceived\tpriority\tcategory\tqueue\tpage\ttags\trules")
	for after := ""; ; {
		tickets, err := db.TicketsAfter(ctx, after, 500)
		if err != nil {
			return err
		}
		for _, t := range tickets {
			if err := run.ticket(ctx, db, t); err != nil {
				return fmt.Errorf("%s: %w", t.Number, err)
			}
			after = t.ID
		}
		if len(tickets) == 0 {
			break
		}
	}
	if err := run.w.Flush(); err != nil {
		return err
	}
	return run.summary(con.out)
}

// dryRun compares how tickets started with how they would have.
type dryRun struct {
	rules         *policy.Rules
	all           bool
	w             *tabwriter.Writer
	seen, changed int
	untold        int // their message is gone, or they are older than the rules
	fired         map[string]int
}

// ticket compares one.
func (r *dryRun) ticket(ctx context.Context, db *store.DB, t ticket.Ticket) error {
	log, err := db.EventsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	r.seen++
	if len(log) == 0 || log[0].Kind != ticket.Created || log[0].Data.Routing == nil {
		r.untold++
		return nil
	}
	messages, err := db.MessagesOf(ctx, t.ID, false)
	if err != nil {
		return err
	}
	body, found := "", false
	for _, m := range messages {
		if m.ID == log[0].Data.MessageID {
			body, found = m.Body, true
		}
	}
	if !found {
		r.untold++
		return nil
	}
	was := log[0].Data.Routing
	start := t
	start.Tier, start.Priority, start.Category, start.Component, start.Queue = log[0].Data.Tier, was.Proposed, was.Chosen, "", ticket.GeneralQueue
	now := ticket.Routing{}
	c := intake.CaseOf(&start, was.Chosen, was.Proposed, was.Unverified)
	intake.Apply(r.rules.Decide(r.rules.Read(t.Subject, body, t.Lang), c), &start, &now)
	for _, name := range now.Rules {
		r.fired[name]++
	}
	before, after := levels(was.Category, was.Subcategory, was.Component), levels(start.Category, start.Subcategory, start.Component)
	same := start.Priority == log[0].Data.Priority && before == after && start.Queue == was.Queue &&
		now.Page == was.Page && slices.Equal(now.Tags, was.Tags)
	if !same {
		r.changed++
	}
	if same && !r.all {
		return nil
	}
	_, err = fmt.Fprintf(r.w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Number, t.ReceivedAt.UTC().Format("2006-01-02 15:04"),
		step(string(log[0].Data.Priority), string(start.Priority)), step(before, after), step(string(was.Queue), string(start.Queue)),
		step(yesNo(was.Page), yesNo(now.Page)), step(strings.Join(was.Tags, ","), strings.Join(now.Tags, ",")), strings.Join(now.Rules, ","))
	return err
}

// levels are the three levels of a classification in one word.
func levels(category, kind, component string) string {
	if kind != "" {
		category += "/" + kind
	}
	if component != "" {
		category += "+" + component
	}
	return category
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// step writes "from -> to", or the one value when nothing changes.
func step(from, to string) string {
	if from == "" {
		from = "-"
	}
	if to == "" {
		to = "-"
	}
	if from == to {
		return to
	}
	return from + " -> " + to
}

func (r *dryRun) summary(w io.Writer) error {
	var b strings.Builder
	b.WriteByte('\n')
	for _, name := range slices.SortedFunc(maps.Keys(r.fired), func(x, y string) int { return r.fired[y] - r.fired[x] }) {
		fmt.Fprintf(&b, "%6d  %s\n", r.fired[name], name)
	}
	fmt.Fprintf(&b, "%d tickets, %d would have started otherwise", r.seen, r.changed)
	if r.untold > 0 {
		fmt.Fprintf(&b, ", %d cannot be told (older than the rules, or their text was erased)", r.untold)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// openRules loads the rules that sort new tickets.
func (a *app) openRules(s *serveCmd, x *policy.Taxonomy) error {
	var err error
	if s.Rules == "" {
		a.rules, err = policy.OpenRules(nil, "", intake.Vocabulary(x), a.clock, a.log)
	} else {
		a.rules, err = policy.OpenRules(os.DirFS(filepath.Dir(s.Rules)), filepath.Base(s.Rules), intake.Vocabulary(x), a.clock, a.log)
	}
	if err != nil {
		return fmt.Errorf("the rules are refused:\n%w", err)
	}
	return nil
}

// watchRules takes over a changed rules file: soon, and on SIGHUP at once.
func (a *app) watchRules(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	now := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				select {
				case now <- struct{}{}:
				default:
				}
			}
		}
	}()
	a.rules.Run(ctx, now)
	<-ctx.Done() // SIGHUP must not end the program that ignores it
}
