package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// holds says whether a stored cell lies within a cut.
func (c Cell) holds(stored Cell) bool {
	switch {
	case c == stored:
		return true
	case c.Dim == stored.Dim:
		return c.Value == AnyValue && stored.Value != ""
	case stored.Dim != ByTierPriority:
		return false
	}
	tier, priority, _ := strings.Cut(stored.Value, "/")
	return c.Dim == ByTier && c.Value == tier || c.Dim == ByPriority && c.Value == priority
}

// Cell is where an article's rows are cut.
func (k ArticleKey) Cell() Cell { return Cell{ByArticle, k.Lang + "/" + k.Article} }

// RevisionCell is where the votes on a revision are cut.
func (k ArticleKey) RevisionCell(revision int) Cell {
	return Cell{ByRevision, k.Cell().Value + "@" + strconv.Itoa(revision)}
}

// Cell is where the searches with a text are cut.
func (k QueryKey) Cell() Cell { return Cell{ByQuery, k.Lang + " " + k.Query} }

// article is the article of a cut; the zero key when it is of none.
func (c Cell) article() ArticleKey {
	if c.Dim != ByArticle && c.Dim != ByRevision {
		return ArticleKey{}
	}
	lang, article, _ := strings.Cut(c.Value, "/")
	if c.Dim == ByRevision {
		if i := strings.LastIndexByte(article, '@'); i >= 0 {
			article = article[:i]
		}
	}
	return ArticleKey{lang, article}
}

var listers = map[RowKind]lister{
	RowsAttempts: source[AttemptRow, AttemptCounts]{
		cols: attemptRowColumns, field: attemptFields, days: cells[AttemptCounts](SubjectAttempts), parts: attemptParts, show: showAttempt,
		read: func(ctx context.Context, r RowReader, p Period) ([]AttemptRow, error) {
			return r.AttemptRows(ctx, p.Start(), p.End())
		},
	},
	RowsSearches: source[SearchRow, SearchCounts]{
		cols: searchRowColumns, field: searchFields(), days: cells[SearchCounts](SubjectSearches), read: readSearches, parts: searchParts, show: showSearch,
	},
	RowsQueries: source[SearchRow, QueryCounts]{
		cols: searchRowColumns, read: readSearches, show: showSearch,
		field: map[string]func(QueryCounts) int{
			"searches": func(c QueryCounts) int { return c.N }, "no_result": func(c QueryCounts) int { return c.NoResult },
			"no_click": func(c QueryCounts) int { return c.NoClick }, "reformulated": func(c QueryCounts) int { return c.Reformulated },
			"success": func(c QueryCounts) int { return c.Success },
		},
		days: func(ctx context.Context, r RowReader, q RowQuery) (map[Day]QueryCounts, error) {
			lang, text, _ := strings.Cut(q.Value, " ")
			return r.QueryDays(ctx, QueryKey{lang, text}, q.Period.From, q.Period.To)
		},
		parts: func(s SearchRow) []part[QueryCounts] { return cut(countQuery(s), QueryKey{s.Lang, s.Query}.Cell()) },
	},
	RowsVisits: source[VisitRow, VisitCounts]{
		cols: visitRowColumns, days: cells[VisitCounts](SubjectVisits), read: readVisits, parts: visitParts, show: showVisit,
		field: map[string]func(VisitCounts) int{
			"visits": func(c VisitCounts) int { return c.Visits }, "sought": func(c VisitCounts) int { return c.Sought }, "no_ticket": func(c VisitCounts) int { return c.NoTicket },
		},
	},
	RowsTickets: source[TicketLine, TicketCounts]{
		cols: ticketRowColumns, field: ticketFields(), days: cells[TicketCounts](SubjectTickets), parts: ticketParts, show: showLine,
		read: func(ctx context.Context, r RowReader, p Period) ([]TicketLine, error) {
			facts, err := r.FactsOn(ctx, p.From)
			lines := linesOn(p, facts)
			slices.SortStableFunc(lines, func(a, b TicketLine) int { return a.At.Compare(b.At) })
			return lines, err
		},
	},
	RowsSurveys: source[SurveyRow, SurveyCounts]{
		cols: []string{"at", "survey", "score", "solved", "tier", "ticket"}, days: cells[SurveyCounts](SubjectSurveys), parts: surveyParts,
		field: map[string]func(SurveyCounts) int{
			"csat": func(c SurveyCounts) int { return c.CSAT }, "satisfied": func(c SurveyCounts) int { return c.Satisfied }, "low": func(c SurveyCounts) int { return c.Low },
			"nps": func(c SurveyCounts) int { return c.NPS }, "promoters": func(c SurveyCounts) int { return c.Promoters }, "detractors": func(c SurveyCounts) int { return c.Detractors },
		},
		read: func(ctx context.Context, r RowReader, p Period) ([]SurveyRow, error) {
			return r.SurveyRows(ctx, p.Start(), p.End())
		},
		show: func(s SurveyRow) []any {
			solved := any("")
			if s.Kind == CSAT {
				solved = s.Solved
			}
			return []any{s.At, string(s.Kind), s.Score, solved, s.Tier, Ref{"ticket", s.Ticket, s.Number}}
		},
	},
	RowsVotes: source[VoteCast, VoteCounts]{
		cols: []string{"at", "article", "revision", "helpful", "reason", "comment"}, days: votesByDay,
		field: map[string]func(VoteCounts) int{
			"votes": func(c VoteCounts) int { return c.Yes + c.No }, "yes": func(c VoteCounts) int { return c.Yes }, "no": func(c VoteCounts) int { return c.No },
		},
		read: func(ctx context.Context, r RowReader, p Period) ([]VoteCast, error) {
			return r.VoteList(ctx, p.Start(), p.End())
		},
		parts: func(v VoteCast) []part[VoteCounts] { return voteParts(VoteRow{v.VoteKey, 1}) },
		show: func(v VoteCast) []any {
			return []any{v.At, articleRef(v.Lang, v.Article), v.Revision, v.Helpful, v.Reason, v.Comment}
		},
	},
	RowsArticleAttempts: source[AttemptRow, ArticleCounts]{
		cols: attemptRowColumns, days: articlesByDay, show: showAttempt,
		field: map[string]func(ArticleCounts) int{
			"suggested": func(c ArticleCounts) int { return c.Suggested }, "opened": func(c ArticleCounts) int { return c.Opened },
			"confirmed": func(c ArticleCounts) int { return c.Confirmed }, "assumed": func(c ArticleCounts) int { return c.Assumed },
			"revoked": func(c ArticleCounts) int { return c.Revoked }, "ticketed": func(c ArticleCounts) int { return c.Ticketed },
		},
		read: func(ctx context.Context, r RowReader, p Period) ([]AttemptRow, error) {
			return r.AttemptRows(ctx, p.Start(), p.End())
		},
		parts: func(a AttemptRow) []part[ArticleCounts] { return articleParts(articlesOfAttempt(a)) },
	},
	RowsArticleClicks: source[SearchRow, ArticleCounts]{
		cols: searchRowColumns, days: articlesByDay, read: readSearches, show: showSearch,
		field: map[string]func(ArticleCounts) int{"clicks": func(c ArticleCounts) int { return c.Clicks }},
		parts: func(s SearchRow) []part[ArticleCounts] { return articleParts(articlesOfSearch(s)) },
	},
	RowsArticleReads: source[VisitRow, ArticleCounts]{
		cols: visitRowColumns, days: articlesByDay, read: readVisits, show: showVisit,
		field: map[string]func(ArticleCounts) int{
			"reads": func(c ArticleCounts) int { return c.Reads }, "tickets_after": func(c ArticleCounts) int { return c.TicketsAfter },
		},
		parts: func(v VisitRow) []part[ArticleCounts] { return articleParts(articlesOfVisit(v)) },
	},
	RowsAgentDays: source[agentDay, int]{
		cols: []string{"day", "staff", "replies", "resolved"}, days: agentsByDay, read: readAgentDays,
		field: map[string]func(int) int{"days": func(n int) int { return n }},
		parts: func(a agentDay) []part[int] { return cut(1, Cell{ByAgent, a.agent}) },
		show: func(a agentDay) []any {
			return []any{string(a.day), Ref{Kind: "staff", ID: a.agent}, a.counts.Replies, a.counts.Resolved}
		},
	},
	RowsViews: whole[DayViews]{
		cols: []string{"day", "article", "n"}, field: map[string]func(DayViews) int{"views": func(v DayViews) int { return int(v.N) }},
		read: func(ctx context.Context, r RowReader, q RowQuery) ([]DayViews, error) {
			return r.ViewDays(ctx, q.article(), q.Period.From, q.Period.To)
		},
		show: func(v DayViews) []any { return []any{string(v.Day), articleRef(v.Lang, v.Article), int(v.N)} },
	},
	RowsBacklog: whole[Facts]{
		cols: []string{"received", "ticket", "tier", "priority", "category", "channel", "lang"}, field: each[Facts]("owed"),
		read: func(ctx context.Context, r RowReader, q RowQuery) ([]Facts, error) {
			all, err := r.OwedCandidates(ctx, q.Period.To)
			end := q.Period.End()
			all = slices.DeleteFunc(all, func(f Facts) bool { return !f.owedAt(end) })
			slices.SortStableFunc(all, func(a, b Facts) int { return b.Received.Compare(a.Received) })
			return all, err
		},
		show: func(f Facts) []any {
			return []any{f.Received, Ref{"ticket", f.Ticket, f.Number}, f.Tier, f.Priority, f.Category, f.Channel, f.Lang}
		},
	},
	RowsAuthors: whole[Author]{
		cols: []string{"person", "tickets"}, field: each[Author]("authors"),
		read: func(ctx context.Context, r RowReader, q RowQuery) ([]Author, error) {
			return r.AuthorRows(ctx, q.Period.From, q.Period.To)
		},
		show: func(a Author) []any { return []any{a.ID, a.Tickets} },
	},
	RowsBrokenTickets: brokenTickets, RowsBrokenCustomers: brokenCustomers, RowsCredits: creditRows,
}

// whole lists rows that are read at once.
type whole[R any] struct {
	cols  []string
	field map[string]func(R) int // what a row adds to the figure
	read  func(ctx context.Context, r RowReader, q RowQuery) ([]R, error)
	show  func(R) []any
}

// each is the field in which every row counts once.
func each[R any](name string) map[string]func(R) int {
	return map[string]func(R) int{name: func(R) int { return 1 }}
}

func (w whole[R]) fields() []string  { return slices.Sorted(maps.Keys(w.field)) }
func (w whole[R]) columns() []string { return w.cols }

func (w whole[R]) count(ctx context.Context, r RowReader, q RowQuery) (int, error) {
	all, err := w.read(ctx, r, q)
	n := 0
	for _, one := range all {
		n += w.field[q.Field](one)
	}
	return n, err
}

func (w whole[R]) list(ctx context.Context, r RowReader, q RowQuery, offset, limit int, give func([][]any) error) error {
	all, err := w.read(ctx, r, q)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(one R) bool { return w.field[q.Field](one) == 0 })
	all = all[min(offset, len(all)):]
	var rows [][]any
	for _, one := range all[:min(limit, len(all))] {
		rows = append(rows, w.show(one))
	}
	return give(rows)
}

// owedAt says whether work was owed on the ticket at an instant.
func (f Facts) owedAt(t time.Time) bool {
	owed := f.Received.Before(t)
	for _, m := range f.Moves {
		if m.At.Before(t) {
			owed = m.Kind == Reopening
		}
	}
	return owed
}

// VoteCounts count votes.
type VoteCounts struct{ Yes, No int }

func voteParts(v VoteRow) []part[VoteCounts] {
	c := VoteCounts{No: v.N}
	if v.Helpful {
		c = VoteCounts{Yes: v.N}
	}
	k := ArticleKey{v.Lang, v.Article}
	return cut(c, Cell{}, k.Cell(), k.RevisionCell(v.Revision))
}

func votesByDay(ctx context.Context, r RowReader, q RowQuery) (map[Day]VoteCounts, error) {
	rows, err := r.VoteDays(ctx, q.article(), q.Period.From, q.Period.To)
	days := map[Day]VoteCounts{}
	for _, v := range rows {
		for _, p := range voteParts(v.VoteRow) {
			if q.Cell.holds(p.Cell) {
				c := days[v.Day]
				days[v.Day] = VoteCounts{c.Yes + p.counts.Yes, c.No + p.counts.No}
			}
		}
	}
	return days, err
}

func articlesByDay(ctx context.Context, r RowReader, q RowQuery) (map[Day]ArticleCounts, error) {
	return r.ArticleDays(ctx, q.article(), q.Period.From, q.Period.To)
}

func articleParts(all []articlePart) []part[ArticleCounts] {
	out := make([]part[ArticleCounts], len(all))
	for i, p := range all {
		out[i] = part[ArticleCounts]{p.key.Cell(), p.counts}
	}
	return out
}

func readSearches(ctx context.Context, r RowReader, p Period) ([]SearchRow, error) {
	return r.SearchRows(ctx, p.Start(), p.End())
}

func readVisits(ctx context.Context, r RowReader, p Period) ([]VisitRow, error) {
	return r.VisitRows(ctx, p.Start(), p.End())
}

// agentDay is a day on which a member of staff answered or resolved something.
type agentDay struct {
	day    Day
	agent  string
	counts TicketCounts
}

// agentsByDay counts the members of staff who worked on each day.
func agentsByDay(ctx context.Context, r RowReader, q RowQuery) (map[Day]int, error) {
	rows, err := r.CellRows(ctx, SubjectTickets, ByAgent, q.Period.From, q.Period.To)
	days := map[Day]int{}
	for _, row := range rows {
		if q.Cell.holds(Cell{ByAgent, row.Value}) {
			days[row.Day]++
		}
	}
	return days, err
}

func readAgentDays(ctx context.Context, r RowReader, p Period) ([]agentDay, error) {
	facts, err := r.FactsOn(ctx, p.From)
	sums := map[string]*TicketCounts{}
	for _, l := range linesOn(p, facts) {
		for _, part := range ticketParts(l) {
			if part.Dim != ByAgent {
				continue
			}
			if sums[part.Value] == nil {
				sums[part.Value] = &TicketCounts{}
			}
			sums[part.Value].add(part.counts)
		}
	}
	var all []agentDay
	for agent, c := range sums {
		all = append(all, agentDay{p.From, agent, *c})
	}
	slices.SortFunc(all, func(a, b agentDay) int { return cmp.Compare(a.agent, b.agent) })
	return all, err
}

func articleRef(lang, article string) Ref {
	if article == "" {
		return Ref{}
	}
	return Ref{Kind: "article", ID: lang + "/" + article}
}

var (
	attemptRowColumns = []string{"at", "attempt", "lang", "category", "tier", "route", "arm", "suggested", "article", "dwell_s", "outcome", "revoked_at", "ticket"}
	searchRowColumns  = []string{"at", "lang", "query", "results", "clicked", "position", "reformulated"}
	visitRowColumns   = []string{"at", "lang", "searches", "pages", "articles", "ticket_followed"}
	ticketRowColumns  = []string{
		"at", "ticket", "event", "staff", "tier", "priority", "category", "channel", "lang", "target", "kept", "cause",
		"open_s", "calendar_s", "handled_s", "first_contact", "reopened", "escalated",
	}
)

func showAttempt(a AttemptRow) []any {
	article := a.Article
	if article == "" {
		article = a.Opened
	}
	return []any{
		a.StartedAt, Ref{Kind: "attempt", ID: a.ID}, a.Lang, a.Category, a.Tier, a.Route, string(a.Arm), len(a.Suggested), articleRef(a.Lang, article),
		int(a.Dwell / time.Second), string(a.Outcome), a.RevokedAt, Ref{Kind: "ticket", ID: a.TicketID},
	}
}

func showSearch(s SearchRow) []any {
	return []any{s.At, s.Lang, s.Query, s.Results, articleRef(s.Lang, s.Clicked), s.Position, s.Reformulated}
}

func showVisit(v VisitRow) []any {
	return []any{v.StartedAt, v.Lang, v.Searches, v.Articles, len(v.Reads), v.Followed || v.ticketAfter(v.StartedAt)}
}

// showLine shows a line with the facts that its figure used; what has no part
// in it is left empty.
func showLine(l TicketLine) []any {
	var target, kept, cause, open, calendar, handled, firstContact any = "", "", "", "", "", "", ""
	switch l.Kind {
	case LineAnswered:
		open, calendar = l.First.Business, l.First.Calendar
	case LineSolved:
		open, calendar, firstContact = l.Solved.Business, l.Solved.Calendar, l.Solved.FirstTime
		if w := l.worked(); w > 0 {
			handled = w
		}
	case LinePromise:
		target, kept, cause = l.Promise.Target, !l.Promise.Breached, string(l.Promise.Cause)
	}
	reopened := slices.ContainsFunc(l.Moves, func(m Move) bool { return m.Kind == Reopening })
	return []any{
		l.At, Ref{"ticket", l.Ticket, l.Number}, string(l.Kind), Ref{Kind: "staff", ID: l.Agent}, l.Tier, l.Priority, l.Category, l.Channel, l.Lang,
		target, kept, cause, open, calendar, handled, firstContact, reopened, len(l.Escal) > 0,
	}
}

var attemptFields = map[string]func(AttemptCounts) int{
	"attempts":  func(c AttemptCounts) int { return c.Attempts },
	"held":      func(c AttemptCounts) int { return c.Held },
	"could_see": func(c AttemptCounts) int { return c.Attempts - c.Held },
	"shown":     func(c AttemptCounts) int { return c.Shown },
	"opened":    func(c AttemptCounts) int { return c.Opened },
	"dwelt":     func(c AttemptCounts) int { return c.Dwelt },
	"confirmed": func(c AttemptCounts) int { return c.Confirmed },
	"assumed":   func(c AttemptCounts) int { return c.Assumed },
	"claimed":   func(c AttemptCounts) int { return c.Confirmed + c.Assumed },
	"abandoned": func(c AttemptCounts) int { return c.Abandoned },
	"tickets":   func(c AttemptCounts) int { return c.Tickets },
	"pending":   func(c AttemptCounts) int { return c.Pending },
	"revoked":   func(c AttemptCounts) int { return c.Revoked },
	"repeats":   func(c AttemptCounts) int { return c.Repeats },
}

func searchFields() map[string]func(SearchCounts) int {
	all := map[string]func(SearchCounts) int{
		"searches":     func(c SearchCounts) int { return c.Searches },
		"success":      func(c SearchCounts) int { return c.Success },
		"no_result":    func(c SearchCounts) int { return c.NoResult },
		"no_click":     func(c SearchCounts) int { return c.NoClick },
		"clicked":      func(c SearchCounts) int { return c.Clicked },
		"reformulated": func(c SearchCounts) int { return c.Reformulated },
	}
	for i := range MaxPosition {
		all[PositionField(i+1)] = func(c SearchCounts) int { return c.Positions[i] }
	}
	return all
}

// PositionField is the field of the clicks on a place, 1 to MaxPosition.
func PositionField(place int) string { return fmt.Sprintf("position_%d", place) }

// CauseField is the field of the promises broken for a cause.
func CauseField(c Cause) string { return "cause_" + string(c) }

func ticketFields() map[string]func(TicketCounts) int {
	all := map[string]func(TicketCounts) int{
		"created":         func(c TicketCounts) int { return c.Created },
		"resolved":        func(c TicketCounts) int { return c.Resolved },
		"escalated":       func(c TicketCounts) int { return c.Escalated },
		"replies":         func(c TicketCounts) int { return c.Replies },
		"solved":          func(c TicketCounts) int { return c.Solved },
		"answered":        func(c TicketCounts) int { return c.Answered },
		"automatic":       func(c TicketCounts) int { return c.Solved - c.Answered },
		"first_time":      func(c TicketCounts) int { return c.FirstTime },
		"first_solved":    func(c TicketCounts) int { return c.FirstSolved },
		"returned":        func(c TicketCounts) int { return c.Returned },
		"met":             func(c TicketCounts) int { return c.Met },
		"breached":        func(c TicketCounts) int { return c.Breached },
		"decided":         func(c TicketCounts) int { return c.Met + c.Breached },
		"first_met":       func(c TicketCounts) int { return c.FirstMet },
		"first_decided":   func(c TicketCounts) int { return c.FirstMet + c.FirstBreached },
		"solved_met":      func(c TicketCounts) int { return c.SolvedMet },
		"solved_decided":  func(c TicketCounts) int { return c.SolvedMet + c.SolvedBreached },
		"late":            func(c TicketCounts) int { return c.Late },
		"first_response":  func(c TicketCounts) int { return len(c.FirstCalendar) },
		"resolution_time": func(c TicketCounts) int { return len(c.SolvedCalendar) },
		"handled":         func(c TicketCounts) int { return len(c.Handled) },
	}
	for _, cause := range Causes {
		all[CauseField(cause)] = func(c TicketCounts) int { return c.Causes[cause] }
	}
	return all
}
