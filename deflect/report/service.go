package report

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/clock"
)

// Reader reads the roll-ups. Implemented by store. Days are civil days of the
// zone the roll-ups were made in; both ends of a range are included, and ""
// as the first day means from the beginning.
type Reader interface {
	// RowReader has CellRows, the stored cells of a subject along one dimension,
	// and what stands behind them.
	RowReader
	// TopQueries lists the most frequent searches of each kind.
	TopQueries(ctx context.Context, from, to Day, limit int) (map[QueryKind][]QueryRow, error)
	// ArticleCounts adds up what happened around each article.
	ArticleCounts(ctx context.Context, from, to Day) ([]ArticleRow, error)
	// ArticleVotes adds up the votes by revision and answer.
	ArticleVotes(ctx context.Context, from, to Day) ([]VoteRow, error)
	// ArticleViews adds up the page views of each article.
	ArticleViews(ctx context.Context, from, to Day) ([]deflect.Views, error)
	// Costs lists what the support team costs, in the order of the days it is
	// so from.
	Costs(ctx context.Context) ([]Cost, error)
	// TicketAuthors counts the people who wrote a ticket.
	TicketAuthors(ctx context.Context, from, to Day) (int, error)
	// Backlog counts the tickets on which work was owed when a day began; known
	// says whether there had been any ticket by then.
	Backlog(ctx context.Context, before Day) (n int, known bool, err error)
	// UrgentTickets lists active tickets of priority P0 to P2, by what is due
	// next.
	UrgentTickets(ctx context.Context, limit int) ([]Urgent, error)
	// RolledUp is the instant up to which the roll-ups are complete; zero
	// before the first run.
	RolledUp(ctx context.Context) (time.Time, error)
}

// Service makes the reports. It reads roll-ups, so that a year of a
// million events answers at once; raw events only to list those behind a figure.
type Service struct {
	Store  Reader
	Clock  clock.Clock
	Zone   *time.Location
	Config Config
}

// load reads one dimension of a subject over a period.
func load[T any](ctx context.Context, r Reader, subject Subject, dim string, p Period) (daily[T], error) {
	rows, err := r.CellRows(ctx, subject, dim, p.From, p.To)
	if err != nil {
		return nil, err
	}
	return unpack[T](rows)
}

// atOnce is how many reads of a report run at a time: a report may use two
// processors, and leaves most of the store's readers to the visitors.
const atOnce = 2

// together runs reads that do not need each other, atOnce at a time.
func together(reads ...func() error) error {
	failed := make([]error, len(reads))
	free := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, read := range reads {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			failed[i] = read()
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// loading reads one dimension of a subject over a period into a variable.
func loading[T any](ctx context.Context, r Reader, subject Subject, dim string, p Period, to *daily[T]) func() error {
	return func() (err error) {
		*to, err = load[T](ctx, r, subject, dim, p)
		return err
	}
}
