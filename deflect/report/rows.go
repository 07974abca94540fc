package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/errs"
)

// RowKind says what the rows behind a figure are.
type RowKind string

// The kinds of rows. Each has its own fields, see RowFields.
const (
	RowsAttempts        RowKind = "attempts"
	RowsSearches        RowKind = "searches"
	RowsQueries         RowKind = "queries" // searches with one text
	RowsVisits          RowKind = "visits"
	RowsTickets         RowKind = "tickets" // what happened on tickets
	RowsSurveys         RowKind = "surveys"
	RowsVotes           RowKind = "votes"
	RowsViews           RowKind = "views"
	RowsArticleAttempts RowKind = "article-attempts"
	RowsArticleClicks   RowKind = "article-clicks"
	RowsArticleReads    RowKind = "article-reads"
	RowsAgentDays       RowKind = "agent-days"
	RowsBacklog         RowKind = "backlog"
	RowsAuthors         RowKind = "authors"
	RowsBrokenTickets   RowKind = "broken-tickets"   // with a promise broken
	RowsBrokenCustomers RowKind = "broken-customers" // companies with such a ticket
	RowsCredits         RowKind = "credits"
)

// RowKinds lists the kinds.
func RowKinds() []RowKind { return slices.Sorted(maps.Keys(listers)) }

// Dimensions that rows can be cut along besides those of the roll-ups.
const (
	ByQuery    = "query"    // "fr mot de passe"
	ByArticle  = "article"  // "fr/faq/billing"
	ByRevision = "revision" // "fr/faq/billing@3"
)

// AnyValue selects every value of a dimension but the empty one.
const AnyValue = "*"

// RowQuery asks for the rows behind a figure: those that count in a field,
// within a cut and a period. The zero Cell is everything.
type RowQuery struct {
	Kind  RowKind
	Field string
	Cell
	Period Period
}

// Rows are some of the rows behind a figure, newest first.
type Rows struct {
	Columns []string
	// Total is how many rows there are: the figure. Views are the exception:
	// their rows are days, each with its number.
	Total int
	Rows  [][]any // texts, numbers, booleans, instants, durations and Refs
}

// Ref is a cell that leads to a thing of its own.
type Ref struct {
	Kind string // ticket, attempt, article, staff
	ID   string // of an article: "fr/faq/billing"
	Text string // what people call it; "" for the id
}

// RowReader gives what stands behind the roll-ups. Implemented by store.
type RowReader interface {
	CellRows(ctx context.Context, subject Subject, dim string, from, to Day) ([]CellRow, error)
	AttemptRows(ctx context.Context, from, to time.Time) ([]AttemptRow, error)
	SearchRows(ctx context.Context, from, to time.Time) ([]SearchRow, error)
	VisitRows(ctx context.Context, from, to time.Time) ([]VisitRow, error)
	SurveyRows(ctx context.Context, from, to time.Time) ([]SurveyRow, error)
	FactsOn(ctx context.Context, day Day) ([]Facts, error)
	// VoteList lists the votes cast in [from, to) in the order they were cast.
	VoteList(ctx context.Context, from, to time.Time) ([]VoteCast, error)
	// QueryDays counts a question by day.
	QueryDays(ctx context.Context, q QueryKey, from, to Day) (map[Day]QueryCounts, error)
	// ArticleDays counts what happened around an article by day.
	ArticleDays(ctx context.Context, a ArticleKey, from, to Day) (map[Day]ArticleCounts, error)
	// VoteDays counts votes by day; the zero article is all of them.
	VoteDays(ctx context.Context, a ArticleKey, from, to Day) ([]DayVotes, error)
	// ViewDays lists page views by day; the zero article is all of them.
	ViewDays(ctx context.Context, a ArticleKey, from, to Day) ([]DayViews, error)
	// OwedCandidates lists the facts of the tickets received until the end of a
	// day that were not finished for good by then.
	OwedCandidates(ctx context.Context, day Day) ([]Facts, error)
	// AuthorRows lists who wrote a ticket in the days, with how many.
	AuthorRows(ctx context.Context, from, to Day) ([]Author, error)
	// BrokenTickets lists the tickets with a promise broken in the days.
	BrokenTickets(ctx context.Context, from, to Day) ([]BrokenTicket, error)
	// CreditsOf lists the credits for promises broken in [from, to), by when.
	CreditsOf(ctx context.Context, from, to time.Time) ([]CreditRow, error)
}

// VoteCast is one vote.
type VoteCast struct {
	At time.Time
	VoteKey
	Comment string
}

// DayVotes is how often an answer was given on a day.
type DayVotes struct {
	Day Day
	VoteRow
}

// DayViews are the page views of an article on a day.
type DayViews struct {
	Day Day
	deflect.Views
}

// Author is a person, known by an opaque id alone (D-36), with the tickets
// written in a period.
type Author struct {
	ID      string
	Tickets int
}

// lister lists rows of a kind.
type lister interface {
	fields() []string
	columns() []string
	// count is how many rows there are; list gives at most limit of them after
	// the first offset, and each hands them over in pieces.
	count(ctx context.Context, r RowReader, q RowQuery) (int, error)
	list(ctx context.Context, r RowReader, q RowQuery, offset, limit int, give func([][]any) error) error
}

// RowFields lists the fields of a kind; nil for a kind that does not exist.
func RowFields(k RowKind) []string {
	if l := listers[k]; l != nil {
		return l.fields()
	}
	return nil
}

// lister finds the lister of a question; kind not_found when there is no such
// kind or field.
func (q RowQuery) lister() (lister, error) {
	l := listers[q.Kind]
	if l == nil || !slices.Contains(l.fields(), q.Field) {
		return nil, errs.Newf(errs.NotFound, "", "no rows of kind %q with field %q", q.Kind, q.Field)
	}
	return l, nil
}

// RowsBehind lists the rows behind a figure, the newest first: at most limit
// after the first offset.
func (s *Service) RowsBehind(ctx context.Context, q RowQuery, offset, limit int) (Rows, error) {
	l, err := q.lister()
	if err != nil {
		return Rows{}, err
	}
	out := Rows{Columns: l.columns()}
	if out.Total, err = l.count(ctx, s.Store, q); err != nil {
		return out, err
	}
	err = l.list(ctx, s.Store, q, offset, limit, func(rows [][]any) error {
		out.Rows = append(out.Rows, rows...)
		return nil
	})
	return out, err
}

// EachRow hands over all rows behind a figure, the newest first, in pieces of
// about a day. begin is told the columns before.
func (s *Service) EachRow(ctx context.Context, q RowQuery, begin func(columns []string) error, give func([][]any) error) error {
	l, err := q.lister()
	if err != nil {
		return err
	}
	if err := begin(l.columns()); err != nil {
		return err
	}
	return l.list(ctx, s.Store, q, 0, 1<<40, give)
}

// source lists rows that are counted by day. The counts of a day come from the
// roll-ups, so that only the days that are shown are read; which rows they are,
// from the parts by which the roll-ups are made.
type source[R, C any] struct {
	cols  []string
	field map[string]func(C) int
	days  func(ctx context.Context, r RowReader, q RowQuery) (map[Day]C, error)
	read  func(ctx context.Context, r RowReader, day Period) ([]R, error)
	parts func(R) []part[C]
	show  func(R) []any
}

func (s source[R, C]) fields() []string  { return slices.Sorted(maps.Keys(s.field)) }
func (s source[R, C]) columns() []string { return s.cols }

// filled are the days with rows and how many, newest first.
func (s source[R, C]) filled(ctx context.Context, r RowReader, q RowQuery) (days []Day, n map[Day]int, total int, err error) {
	counts, err := s.days(ctx, r, q)
	if err != nil {
		return nil, nil, 0, err
	}
	n = map[Day]int{}
	for day, c := range counts {
		if k := s.field[q.Field](c); k > 0 {
			n[day] = k
			total += k
		}
	}
	days = slices.SortedFunc(maps.Keys(n), func(a, b Day) int { return cmp.Compare(b, a) })
	return days, n, total, nil
}

func (s source[R, C]) count(ctx context.Context, r RowReader, q RowQuery) (int, error) {
	_, _, total, err := s.filled(ctx, r, q)
	return total, err
}

func (s source[R, C]) list(ctx context.Context, r RowReader, q RowQuery, offset, limit int, give func([][]any) error) error {
	days, n, _, err := s.filled(ctx, r, q)
	for _, day := range days {
		if err != nil || limit <= 0 {
			return err
		}
		if offset >= n[day] {
			offset -= n[day]
			continue
		}
		rows, err := s.of(ctx, r, q, day)
		if err != nil {
			return err
		}
		rows = rows[min(offset, len(rows)):]
		rows = rows[:min(limit, len(rows))]
		offset, limit = 0, limit-len(rows)
		if err := give(rows); err != nil {
			return err
		}
	}
	return err
}

// of lists a day's rows, newest first. A row that counts twice is there twice.
func (s source[R, C]) of(ctx context.Context, r RowReader, q RowQuery, day Day) ([][]any, error) {
	all, err := s.read(ctx, r, Period{From: day, To: day, Zone: q.Period.Zone})
	var rows [][]any
	for _, one := range slices.Backward(all) {
		n := 0
		for _, p := range s.parts(one) {
			if q.Cell.holds(p.Cell) {
				n += s.field[q.Field](p.counts)
			}
		}
		for range n {
			rows = append(rows, s.show(one))
		}
	}
	return rows, err
}

// stored is the dimension under which the cells of a cut are stored.
func (c Cell) stored(subject Subject) string {
	if subject == SubjectTickets && (c.Dim == ByTier || c.Dim == ByPriority) {
		return ByTierPriority
	}
	return c.Dim
}

// cells are the day counts of a subject within a cut.
func cells[C any, P counts[C]](subject Subject) func(context.Context, RowReader, RowQuery) (map[Day]C, error) {
	return func(ctx context.Context, r RowReader, q RowQuery) (map[Day]C, error) {
		dim := q.stored(subject)
		rows, err := r.CellRows(ctx, subject, dim, q.Period.From, q.Period.To)
		if err != nil {
			return nil, err
		}
		stored, err := unpack[C](rows)
		days := map[Day]C{}
		for day, values := range stored {
			var sum C
			for value, c := range values {
				if q.Cell.holds(Cell{dim, value}) {
					P(&sum).add(c)
				}
			}
			days[day] = sum
		}
		return days, err
	}
}
