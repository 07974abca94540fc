// Package demo makes a plausible year of a help centre: visits, searches,
// votes, attempts, tickets and answers in both languages, all from one seed. It
// shows every page full, and gives the figures something to be tested on. Its
// ids carry Tag, so that it can be removed, and its addresses end in .example,
// so that no mail of it ever arrives anywhere (RFC 2606).
package demo

import (
	"errors"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Article is what the year needs to know of an article.
type Article struct {
	Lang, Pair, Title string
	Category          string
	Questions         []string // what customers ask that it answers
	Contexts          []string // console screens it is shown on
	Revision          int
}

// Options say which year to make.
type Options struct {
	Seed       uint64
	Until      time.Time // the year ends here, and the last tickets are as they stand then
	Days       int       // 365
	Scale      float64   // 1: some 20,000 visits and 1,600 tickets
	Zone       *time.Location
	Articles   []Article
	Clocks     ticket.Clocks
	Desk       *sla.Calendar // the team's hours
	AccessHash func(ticketID string) string
}

// Person is somebody who writes.
type Person struct {
	intake.Person
	Tier      ticket.Tier
	CreatedAt time.Time
	visitor   string
}

// Ticket is a ticket with everything that hangs on it.
type Ticket struct {
	ticket.Ticket
	FormToken   string
	Log         []ticket.Event
	Messages    []ticket.Message
	Escalations []ticket.Escalation
	Work        []ticket.TimeEntry
	Survey      *Survey
}

// Survey is an answer after a ticket (D-27).
type Survey struct {
	Score      int
	Solved     bool
	Comment    string
	AnsweredAt time.Time
	Reviewer   string // below 3, a member of staff looked into it
	Review     string
	ReviewedAt time.Time
}

// Recommendation is an answer to the quarter's question (D-27).
type Recommendation struct {
	PersonID, Quarter string
	Score             int
	Comment           string
	At                time.Time
}

// Cost is what the team costs a month, in euro cents, from the first day on.
type Cost struct {
	ID    string
	Cents int64
	Staff string // who said so
}

// Vote is a vote with its instant.
type Vote struct {
	deflect.Vote
	At time.Time
}

// DayViews are the page views of a day.
type DayViews struct {
	Day   string // UTC, as the recorder counts them
	Views []deflect.Views
}

// Year is everything that happened.
type Year struct {
	From, Until     time.Time
	Staff           []ticket.Staff
	Customers       []intake.Customer
	Persons         []*Person
	Period          deflect.Period // of the hold-out experiment
	Activity        deflect.Activity
	Views           []DayViews
	Votes           []Vote
	Attempts        []deflect.Attempt
	Ledger          []deflect.Entry
	Tickets         []*Ticket
	Recommendations []Recommendation
	Credits         []ticket.Credit
	Cost            Cost
}

// maker makes one year.
type maker struct {
	Options
	dice
	ids  ids
	year *Year
	from time.Time

	topics   []topic
	byPerson map[string][]time.Time // when each person wrote tickets
	numbers  map[string]bool        // tracking numbers that tickets have
	views    map[string]map[viewed]int64
	agents   []string
	recent   []*visitor
	later    []appointment
}

// appointment is something that will happen.
type appointment struct {
	at time.Time
	do func() error
}

type viewed struct{ lang, article string }

// monthlyCost is the reference's: an engineer at 4,000 euros a month.
const monthlyCost = 400_000

// Generate makes the year that Options describe. The same options give the
// same year.
func Generate(o Options) (*Year, error) {
	if o.Days < 1 || o.Days > 3660 || o.Scale <= 0 || o.Scale > 100 {
		return nil, errors.New("demo: want 1 to 3660 days and a scale above 0, at most 100")
	}
	m := &maker{Options: o, dice: newDice(o.Seed), byPerson: map[string][]time.Time{}, numbers: map[string]bool{}, views: map[string]map[viewed]int64{}}
	local := o.Until.In(o.Zone)
	m.Until = o.Until.UTC().Truncate(time.Second)
	m.from = time.Date(local.Year(), local.Month(), local.Day()-o.Days, 0, 0, 0, 0, o.Zone).UTC()
	m.year = &Year{From: m.from, Until: m.Until}
	if err := m.makeTopics(); err != nil {
		return nil, err
	}
	m.makePeople()
	m.year.Cost = Cost{ID: m.ids.at(m.from), Cents: monthlyCost, Staff: m.agents[len(m.agents)-1]}
	m.year.Period = deflect.Period{
		ID: m.ids.at(m.from), From: m.from, Share: deflect.DefaultShare, Seed: "demo", Reason: "demo",
	}
	for day := m.from; day.Before(m.Until); day = m.nextDay(day) {
		if err := m.makeDay(day); err != nil {
			return nil, err
		}
	}
	m.settleAttempts()
	m.recommend()
	m.finishViews()
	return m.year, nil
}

func (m *maker) nextDay(t time.Time) time.Time {
	l := t.In(m.Zone)
	return time.Date(l.Year(), l.Month(), l.Day()+1, 0, 0, 0, 0, m.Zone).UTC()
}

// load is how busy a day is beside an average one: growth over the year, quiet
// weekends, August and the turn of the year.
func (m *maker) load(day time.Time) float64 {
	l := day.In(m.Zone)
	grown := 0.7 + 0.6*float64(day.Sub(m.from))/float64(m.Until.Sub(m.from))
	switch l.Weekday() {
	case time.Saturday:
		grown *= 0.35
	case time.Sunday:
		grown *= 0.25
	case time.Monday:
		grown *= 1.2
	}
	switch {
	case l.Month() == time.August:
		grown *= 0.6
	case l.Month() == time.December && l.Day() >= 23 || l.Month() == time.January && l.Day() <= 2:
		grown *= 0.4
	}
	return grown * m.Scale
}

// hours weigh the hours of a day: people work, and some do at night.
var hours = []float64{1, .6, .4, .3, .3, .5, 1.2, 3, 7, 10, 11, 10, 6, 7, 10, 10, 9, 8, 5, 4, 3.5, 3, 2.4, 1.6}

// moment is an instant of a day at which somebody comes.
func (m *maker) moment(day time.Time) time.Time {
	l := day.In(m.Zone)
	return time.Date(l.Year(), l.Month(), l.Day(), m.weighted(hours), m.IntN(60), m.IntN(60), 0, m.Zone).UTC()
}

// makeDay is everything that begins on a day, in the order in which it does.
func (m *maker) makeDay(day time.Time) error {
	load := m.load(day)
	var begin []func() error
	var at []time.Time
	add := func(t time.Time, f func() error) {
		if t.Before(m.Until) {
			begin, at = append(begin, f), append(at, t)
		}
	}
	for range m.times(85 * load) {
		t := m.moment(day)
		add(t, func() error { return m.visit(t) })
	}
	for range m.times(1.6 * load) {
		t := m.moment(day)
		add(t, func() error { return m.programTicket(t) })
	}
	next := m.nextDay(day)
	for _, a := range m.later {
		if a.at.Before(next) {
			add(a.at, a.do)
		}
	}
	m.later = slices.DeleteFunc(m.later, func(a appointment) bool { return a.at.Before(next) })
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return at[a].Compare(at[b]) })
	for _, i := range order {
		if err := begin[i](); err != nil {
			return err
		}
	}
	return nil
}

// finishViews puts the page views in order.
func (m *maker) finishViews() {
	days := make([]string, 0, len(m.views))
	for d := range m.views {
		days = append(days, d)
	}
	slices.Sort(days)
	for _, d := range days {
		v := DayViews{Day: d}
		for k, n := range m.views[d] {
			v.Views = append(v.Views, deflect.Views{Lang: k.lang, Article: k.article, N: n})
		}
		slices.SortFunc(v.Views, func(a, b deflect.Views) int {
			if a.Article != b.Article {
				if a.Article < b.Article {
					return -1
				}
				return 1
			}
			if a.Lang < b.Lang {
				return -1
			}
			return 1
		})
		m.year.Views = append(m.year.Views, v)
	}
}

func (m *maker) viewed(t time.Time, lang, article string, n int64) {
	day := t.In(m.Zone).Format(time.DateOnly)
	if m.views[day] == nil {
		m.views[day] = map[viewed]int64{}
	}
	m.views[day][viewed{lang, article}] += n
}
