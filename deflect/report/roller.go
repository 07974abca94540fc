package report

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
)

// State is how far the roll-ups reach.
type State struct {
	Zone       string    `json:"zone"`       // the days are civil days of it
	At         time.Time `json:"at"`         // of the last complete run
	Ledger     string    `json:"ledger"`     // the newest ledger line taken in
	Ticket     string    `json:"ticket"`     // the newest ticket taken in
	Reconciled Day       `json:"reconciled"` // when the last month was last made anew
	Months     string    `json:"months"`     // the last month that is over and summed up as a whole, "2026-10"
}

// DayCounts are a day's sums of raw rows.
type DayCounts struct {
	Cells    map[Subject]Cells
	Queries  map[QueryKey]QueryCounts
	Articles map[ArticleKey]ArticleCounts
}

// StoredFacts is what is kept of a ticket.
type StoredFacts struct {
	TicketID string
	Version  int64
	Active   bool
	CheckAt  time.Time // zero: only an event changes it
	PersonID string
	Facts    Facts
	Received Day
	Days     []Day
	Broken   map[Day]bool
}

// RollStore gives raw rows and keeps what is made of them. Implemented by
// store. Saving writes only what differs from what is stored.
type RollStore interface {
	RollState(ctx context.Context) (State, error)
	SaveRollState(ctx context.Context, s State) error
	// FirstEvent is the instant of the oldest raw row; zero without any.
	FirstEvent(ctx context.Context) (time.Time, error)
	// Newest are the largest ids of the ledger and of the tickets.
	Newest(ctx context.Context) (ledger, ticket string, err error)

	AttemptRows(ctx context.Context, from, to time.Time) ([]AttemptRow, error)
	SearchRows(ctx context.Context, from, to time.Time) ([]SearchRow, error)
	VisitRows(ctx context.Context, from, to time.Time) ([]VisitRow, error)
	VoteRows(ctx context.Context, from, to time.Time) ([]VoteRow, error)
	SurveyRows(ctx context.Context, from, to time.Time) ([]SurveyRow, error)

	// AttemptStarts lists when the attempts began to which the ledger added a
	// line with an id of at least from.
	AttemptStarts(ctx context.Context, from string) ([]time.Time, error)
	// VisitStarts lists when the visits began that a ticket with an id of at
	// least from may have followed.
	VisitStarts(ctx context.Context, from string) ([]time.Time, error)
	// ChangedTickets lists at most limit tickets whose facts are missing or
	// out of date: those with an id of at least from, and those that may change
	// still. everything compares all tickets instead.
	ChangedTickets(ctx context.Context, from string, now time.Time, everything bool, limit int) ([]TicketRow, error)
	// AllTickets lists tickets with their logs in the order of their ids.
	AllTickets(ctx context.Context, after string, limit int) ([]TicketRow, error)
	// FactsOn lists the facts of the tickets that contribute to a day.
	FactsOn(ctx context.Context, day Day) ([]Facts, error)

	SaveDay(ctx context.Context, day Day, c DayCounts) error
	SaveVotes(ctx context.Context, day Day, votes map[VoteKey]int) error
	SaveCells(ctx context.Context, subject Subject, day Day, cells Cells) error
	// SaveFacts replaces the facts of tickets and says which days the earlier
	// ones contributed to.
	SaveFacts(ctx context.Context, all []StoredFacts) ([]Day, error)
	// SumMonth adds up the stored days of a month that is over.
	SumMonth(ctx context.Context, month Period) error
	// Prune removes what is stored of days outside [from, to] and of tickets
	// that are gone.
	Prune(ctx context.Context, from, to Day) error
}

// Roller keeps the roll-ups up to date. A day is always made whole from its
// raw rows, so that making it again gives the same text; what is incremental is
// which days are made.
type Roller struct {
	Store RollStore
	Book  *sla.Book
	Clock clock.Clock
	Zone  *time.Location
	Log   *slog.Logger
}

const (
	// overlap is how much longer than its first line a transaction may have
	// taken: ids are made before the commit that shows them.
	overlap = 2 * time.Minute
	// voteDays is how far back a vote may have been moved from: a voter is known
	// by a cookie of seven days.
	voteDays = 9
	// reconcileDays are made anew each night, whatever the cursors say.
	reconcileDays = 40
	ticketBatch   = 200
	// maxBatches bounds one run; the rest waits for the next.
	maxBatches = 25
)

// Run takes in what happened since the last run. more says that it stopped
// early and has more to do.
func (r *Roller) Run(ctx context.Context) (more bool, err error) {
	state, err := r.Store.RollState(ctx)
	if err != nil {
		return false, err
	}
	if state.Zone != r.Zone.String() {
		return false, r.Rebuild(ctx, nil)
	}
	now := r.Clock.Now()
	next := State{Zone: state.Zone, At: now, Reconciled: DayOf(now, r.Zone)}
	if next.Ledger, next.Ticket, err = r.Store.Newest(ctx); err != nil {
		return false, err
	}
	nightly := state.Reconciled != next.Reconciled
	dirty, votes, err := r.dirtyDays(ctx, state, now, nightly)
	if err != nil {
		return false, err
	}
	tickets := map[Day]bool{}
	more, err = r.changed(ctx, earlier(state.Ticket), now, nightly, tickets)
	if err != nil {
		return false, err
	}
	if err := r.makeDays(ctx, dirty, votes, tickets); err != nil {
		return false, err
	}
	if next.Months, err = r.makeMonths(ctx, slices.Sorted(maps.Keys(dirty)), now); err != nil {
		return false, err
	}
	if more {
		next.Ticket, next.Reconciled = state.Ticket, state.Reconciled
	}
	return more, r.Store.SaveRollState(ctx, next)
}

// dirtyDays are the days whose raw rows may have changed.
func (r *Roller) dirtyDays(ctx context.Context, state State, now time.Time, nightly bool) (dirty, votes map[Day]bool, err error) {
	dirty, votes = map[Day]bool{}, map[Day]bool{}
	today := DayOf(now, r.Zone)
	since := min(DayOf(state.At, r.Zone).Add(-1), today.Add(-1))
	oldest := min(since, today.Add(-voteDays))
	if nightly {
		since, oldest = min(since, today.Add(-reconcileDays)), min(oldest, today.Add(-reconcileDays))
	}
	for d := oldest; d <= today; d = d.Add(1) {
		votes[d] = true
		if d >= since {
			dirty[d] = true
		}
	}
	starts, err := r.Store.AttemptStarts(ctx, earlier(state.Ledger))
	if err != nil {
		return nil, nil, err
	}
	visits, err := r.Store.VisitStarts(ctx, earlier(state.Ticket))
	for _, t := range append(starts, visits...) {
		dirty[DayOf(t, r.Zone)] = true
	}
	return dirty, votes, err
}

// changed draws the facts of changed tickets anew and adds the days they touch.
func (r *Roller) changed(ctx context.Context, from string, now time.Time, everything bool, days map[Day]bool) (more bool, err error) {
	for range maxBatches {
		rows, err := r.Store.ChangedTickets(ctx, from, now, everything, ticketBatch)
		if err != nil {
			return false, err
		}
		if err := r.draw(ctx, rows, now, days); err != nil {
			return false, err
		}
		if len(rows) < ticketBatch {
			return false, nil
		}
	}
	return true, nil
}

func (r *Roller) draw(ctx context.Context, rows []TicketRow, now time.Time, days map[Day]bool) error {
	if len(rows) == 0 {
		return nil
	}
	all := make([]StoredFacts, len(rows))
	for i, t := range rows {
		facts, next := DrawFacts(t, r.Book, now)
		s := StoredFacts{
			TicketID: t.ID, Version: t.Version, Active: t.State != ticket.Closed && t.State != ticket.Merged, CheckAt: next, PersonID: t.PersonID, Facts: facts,
			Received: DayOf(t.ReceivedAt, r.Zone),
		}
		s.Days, s.Broken = facts.Days(func(t time.Time) Day { return DayOf(t, r.Zone) })
		for _, d := range s.Days {
			days[d] = true
		}
		all[i] = s
	}
	before, err := r.Store.SaveFacts(ctx, all)
	for _, d := range before {
		days[d] = true
	}
	return err
}

// makeDays makes days whole from what is stored now.
func (r *Roller) makeDays(ctx context.Context, raw, votes, tickets map[Day]bool) error {
	for _, day := range slices.Sorted(maps.Keys(raw)) {
		if err := r.makeRaw(ctx, day); err != nil {
			return err
		}
	}
	for _, day := range slices.Sorted(maps.Keys(votes)) {
		if err := r.makeVotes(ctx, day); err != nil {
			return err
		}
	}
	for _, day := range slices.Sorted(maps.Keys(tickets)) {
		if err := r.makeTickets(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// makeMonths adds up the months of days that were made, as far as they are
// over, and says which month was the last to end.
func (r *Roller) makeMonths(ctx context.Context, days []Day, now time.Time) (last string, err error) {
	current := DayOf(now, r.Zone).Month()
	done := ""
	for _, d := range days {
		if d.Month() == done || d.Month() >= current {
			continue
		}
		done = d.Month()
		if err := r.Store.SumMonth(ctx, Monthly.Holding(d, r.Zone)); err != nil {
			return "", err
		}
	}
	return Monthly.Holding(DayOf(now, r.Zone), r.Zone).From.Add(-1).Month(), nil
}

func (r *Roller) span(day Day) Period { return Period{From: day, To: day, Zone: r.Zone} }

func (r *Roller) makeRaw(ctx context.Context, day Day) error {
	p := r.span(day)
	attempts, err := r.Store.AttemptRows(ctx, p.Start(), p.End())
	if err != nil {
		return err
	}
	searches, err := r.Store.SearchRows(ctx, p.Start(), p.End())
	if err != nil {
		return err
	}
	visits, err := r.Store.VisitRows(ctx, p.Start(), p.End())
	if err != nil {
		return err
	}
	c := DayCounts{Cells: map[Subject]Cells{}, Queries: CountQueries(searches), Articles: CountArticles(attempts, searches, visits)}
	if c.Cells[SubjectAttempts], err = AttemptCells(attempts); err != nil {
		return err
	}
	if c.Cells[SubjectSearches], err = SearchCells(searches); err != nil {
		return err
	}
	if c.Cells[SubjectVisits], err = VisitCells(visits); err != nil {
		return err
	}
	surveys, err := r.Store.SurveyRows(ctx, p.Start(), p.End())
	if err != nil {
		return err
	}
	if c.Cells[SubjectSurveys], err = SurveyCells(surveys); err != nil {
		return err
	}
	return r.Store.SaveDay(ctx, day, c)
}

func (r *Roller) makeVotes(ctx context.Context, day Day) error {
	p := r.span(day)
	rows, err := r.Store.VoteRows(ctx, p.Start(), p.End())
	if err != nil {
		return err
	}
	votes := make(map[VoteKey]int, len(rows))
	for _, v := range rows {
		votes[v.VoteKey] += v.N
	}
	return r.Store.SaveVotes(ctx, day, votes)
}

func (r *Roller) makeTickets(ctx context.Context, day Day) error {
	facts, err := r.Store.FactsOn(ctx, day)
	if err != nil {
		return err
	}
	cells, err := TicketCells(r.span(day), facts)
	if err != nil {
		return err
	}
	return r.Store.SaveCells(ctx, SubjectTickets, day, cells)
}

// Rebuild makes every day anew from the raw rows, whatever was stored. The
// pages go on answering meanwhile. progress, when not nil, is told each day
// that is done.
func (r *Roller) Rebuild(ctx context.Context, progress func(Day)) error {
	now := r.Clock.Now()
	state := State{Zone: r.Zone.String(), At: now, Reconciled: DayOf(now, r.Zone)}
	var err error
	if state.Ledger, state.Ticket, err = r.Store.Newest(ctx); err != nil {
		return err
	}
	first, err := r.Store.FirstEvent(ctx)
	if err != nil {
		return err
	}
	if first.IsZero() || first.After(now) {
		first = now
	}
	days := map[Day]bool{}
	for after := ""; ; {
		rows, err := r.Store.AllTickets(ctx, after, ticketBatch)
		if err != nil {
			return err
		}
		if err := r.draw(ctx, rows, now, days); err != nil {
			return err
		}
		if len(rows) < ticketBatch {
			break
		}
		after = rows[len(rows)-1].ID
	}
	// A ticket may be promised something on a day after today only when the
	// clock was set back; such days are kept as they are drawn. Nothing happened
	// before the first event.
	from, to := DayOf(first, r.Zone), DayOf(now, r.Zone)
	for d := range days {
		to = max(to, d)
	}
	if err := r.Store.Prune(ctx, from, to); err != nil {
		return err
	}
	for d := from; d <= to; d = d.Add(1) {
		if err := ctx.Err(); err != nil {
			return err
		}
		one := map[Day]bool{d: true}
		if err := r.makeDays(ctx, one, one, one); err != nil {
			return fmt.Errorf("roll up %s: %w", d, err)
		}
		if progress != nil {
			progress(d)
		}
	}
	all := Period{From: from, To: to, Zone: r.Zone}
	if state.Months, err = r.makeMonths(ctx, all.Days(), now); err != nil {
		return err
	}
	return r.Store.SaveRollState(ctx, state)
}

// earlier is the id that an id of version 7 (RFC 9562) made overlap before id
// would begin with, so that what was committed late is seen; "" when id is not
// of that kind.
func earlier(id string) string {
	if len(id) < 13 || id[8] != '-' {
		return ""
	}
	ms, err := strconv.ParseUint(id[:8]+id[9:13], 16, 64)
	if err != nil {
		return ""
	}
	floor := ms - min(ms, uint64(overlap.Milliseconds()))
	text := fmt.Sprintf("%012x", floor)
	return strings.Join([]string{text[:8], text[8:]}, "-")
}
