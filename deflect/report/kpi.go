package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// KPIID names a support figure of the reference's section 7.1. Its texts are
// kpi.ID.name and kpi.ID.definition in the locales.
type KPIID string

// The support figures, in the order they are shown.
const (
	KPICreated         KPIID = "created"
	KPIResolved        KPIID = "resolved"
	KPIBacklog         KPIID = "backlog"
	KPIPerAuthor       KPIID = "per_author"
	KPIFirstBusiness   KPIID = "first_business"
	KPIFirstCalendar   KPIID = "first_calendar"
	KPISolvedBusiness  KPIID = "solved_business"
	KPISolvedCalendar  KPIID = "solved_calendar"
	KPICompliance      KPIID = "compliance"
	KPIBreaches        KPIID = "breaches"
	KPICSAT            KPIID = "csat"
	KPINPS             KPIID = "nps"
	KPIFirstContact    KPIID = "first_contact"
	KPIReopened        KPIID = "reopened"
	KPIEscalated       KPIID = "escalated"
	KPIPerAgentDay     KPIID = "per_agent_day"
	KPIHandleTime      KPIID = "handle_time"
	KPICost            KPIID = "cost"
	KPIAutomation      KPIID = "automation"
	KPIDeflectionClaim KPIID = "deflection"
)

// Unit is how a figure is written.
type Unit string

// The units.
const (
	UnitCount    Unit = "count"
	UnitShare    Unit = "share"    // 0..1
	UnitDuration Unit = "duration" // seconds
	UnitPoints   Unit = "points"   // -100..100
	UnitMoney    Unit = "money"    // euro cents
)

// Goal is what a figure aims at.
type Goal struct {
	OK     bool    `json:"ok"` // there is one
	AtMost bool    `json:"atMost"`
	Value  float64 `json:"value"`
}

// Met says whether a figure reaches the goal. Without a goal or a figure there
// is nothing to say, and known is false.
func (g Goal) Met(n Number) (met, known bool) {
	if !g.OK || !n.OK {
		return false, false
	}
	if g.AtMost {
		return n.Value <= g.Value, true
	}
	return n.Value >= g.Value, true
}

func atMost(v float64) Goal  { return Goal{OK: true, AtMost: true, Value: v} }
func atLeast(v float64) Goal { return Goal{OK: true, Value: v} }

// Window is a figure over the last days and over as many days before them.
type Window struct {
	Days   int    `json:"days"`
	Value  Number `json:"value"`
	Before Number `json:"before"`
}

// Change is Value minus Before, not OK while either is missing.
func (w Window) Change() Number {
	return Number{Value: w.Value.Value - w.Before.Value, OK: w.Value.OK && w.Before.OK, N: w.Value.N}
}

// Point is a figure of one step of a period.
type Point struct {
	Period
	Number
}

// KPI is a support figure of a period with its goal and its trend.
type KPI struct {
	ID      KPIID    `json:"id"`
	Unit    Unit     `json:"unit"`
	Value   Number   `json:"value"`
	Share   Rate     `json:"share"`  // with its interval, for figures that are shares
	Spread  Spread   `json:"spread"` // for durations: Value is the mean
	Goal    Goal     `json:"goal"`
	Windows []Window `json:"windows"` // the 30, 60 and 90 days that end with the period
	Points  []Point  `json:"points"`  // the period cut into days, weeks or months
}

// Config is what the figures need to know about the team.
type Config struct {
	// Goals replace those of the reference.
	Goals map[KPIID]Goal
}

// DefaultConfig has the targets of the reference's section 7.1.
func DefaultConfig() Config {
	return Config{Goals: map[KPIID]Goal{
		KPIBacklog: atMost(0), KPIFirstBusiness: atMost(2 * 3600), KPICompliance: atLeast(0.95), KPICSAT: atLeast(0.90), KPINPS: atLeast(50),
		KPIFirstContact: atLeast(0.70), KPIReopened: atMost(0.05), KPIDeflectionClaim: atLeast(0.50),
	}}
}

// spans are the days a trend looks back.
var spans = []int{30, 60, 90}

// base is what figures are made of: counts that can be cut to any period.
type base struct {
	tickets  daily[TicketCounts]
	agents   daily[TicketCounts]
	surveys  daily[SurveyCounts]
	attempts daily[AttemptCounts]
	backlog  map[Day]int // at the end of each day
	authors  map[Period]int
	costs    []Cost
	today    Day // days after it have not happened
	sums     map[Period]TicketCounts
}

// figure is how a KPI is computed from the counts of a period.
type figure struct {
	id   KPIID
	unit Unit
	of   func(b *base, p Period, k *KPI)
}

// figures define the support figures. Each sets Value, and Share or Spread
// where there is one.
var figures = []figure{
	{KPICreated, UnitCount, func(b *base, p Period, k *KPI) { k.count(b.sum(p).Created) }},
	{KPIResolved, UnitCount, func(b *base, p Period, k *KPI) { k.count(b.sum(p).Resolved) }},
	{KPIBacklog, UnitCount, func(b *base, p Period, k *KPI) {
		n, ok := b.backlog[min(p.To, b.today)]
		k.Value = Number{Value: float64(n), OK: ok, N: n}
	}},
	{KPIPerAuthor, UnitCount, func(b *base, p Period, k *KPI) {
		if n, ok := b.authors[p]; ok {
			k.Value = ratio(float64(b.sum(p).Created), float64(n), n)
		}
	}},
	{KPIFirstBusiness, UnitDuration, func(b *base, p Period, k *KPI) { k.spread(b.sum(p).FirstBusiness) }},
	{KPIFirstCalendar, UnitDuration, func(b *base, p Period, k *KPI) { k.spread(b.sum(p).FirstCalendar) }},
	{KPISolvedBusiness, UnitDuration, func(b *base, p Period, k *KPI) { k.spread(b.sum(p).SolvedBusiness) }},
	{KPISolvedCalendar, UnitDuration, func(b *base, p Period, k *KPI) { k.spread(b.sum(p).SolvedCalendar) }},
	{KPICompliance, UnitShare, func(b *base, p Period, k *KPI) {
		c := b.sum(p)
		k.share(c.Met, c.Met+c.Breached)
	}},
	{KPIBreaches, UnitCount, func(b *base, p Period, k *KPI) { k.count(b.sum(p).Breached) }},
	{KPICSAT, UnitShare, func(b *base, p Period, k *KPI) {
		c := sum(b.surveys, p, "")
		k.share(c.Satisfied, c.CSAT)
	}},
	{KPINPS, UnitPoints, func(b *base, p Period, k *KPI) { k.Value = sum(b.surveys, p, "").netPromoter() }},
	{KPIFirstContact, UnitShare, func(b *base, p Period, k *KPI) {
		c := b.sum(p)
		k.share(c.FirstTime, c.Answered)
	}},
	{KPIReopened, UnitShare, func(b *base, p Period, k *KPI) {
		c := b.sum(p)
		k.share(c.Returned, c.FirstSolved)
	}},
	{KPIEscalated, UnitShare, func(b *base, p Period, k *KPI) {
		c := b.sum(p)
		k.share(c.Escalated, c.Created)
	}},
	{KPIPerAgentDay, UnitCount, func(b *base, p Period, k *KPI) {
		resolved, days := b.agentDays(p)
		k.Value = ratio(float64(resolved), float64(days), days)
	}},
	{KPIHandleTime, UnitDuration, func(b *base, p Period, k *KPI) { k.spread(b.sum(p).Handled) }},
	{KPICost, UnitMoney, func(b *base, p Period, k *KPI) {
		n := b.sum(p).Resolved
		if cents, ok := costOf(b.costs, p.From, b.lived(p)); ok {
			k.Value = ratio(cents, float64(n), n)
		}
	}},
	{KPIAutomation, UnitShare, func(b *base, p Period, k *KPI) {
		c := b.sum(p)
		k.share(c.Solved-c.Answered, c.Solved)
	}},
	{KPIDeflectionClaim, UnitShare, func(b *base, p Period, k *KPI) {
		c := sum(b.attempts, p, "")
		k.share(c.Confirmed, c.Attempts-c.Held)
	}},
}

func (k *KPI) count(n int) { k.Value = Number{Value: float64(n), OK: true, N: n} }

func (k *KPI) share(part, whole int) {
	k.Share = RateOf(part, whole)
	k.Value = Number{Value: k.Share.Value, OK: k.Share.OK, N: whole}
}

func (k *KPI) spread(sample []int64) {
	k.Spread = SpreadOf(sample)
	k.Value = Number{Value: k.Spread.Mean, OK: k.Spread.OK(), N: k.Spread.N}
}

// sum adds up the tickets of a period, once.
func (b *base) sum(p Period) TicketCounts {
	c, ok := b.sums[p]
	if !ok {
		c = sum(b.tickets, p, "")
		b.sums[p] = c
	}
	return c
}

// lived is how many days of a period have happened.
func (b *base) lived(p Period) int {
	if p.From > b.today {
		return 0
	}
	return daysBetween(p.From, min(p.To, b.today)) + 1
}

// agentDays are the tickets the staff resolved, and the days on which each of
// them answered or resolved something.
func (b *base) agentDays(p Period) (resolved, days int) {
	for _, day := range p.Days() {
		for _, c := range b.agents[day] {
			resolved += c.Resolved
			days++
		}
	}
	return resolved, days
}

// value is the figure of a period.
func (f figure) value(b *base, p Period) KPI {
	k := KPI{ID: f.id, Unit: f.unit}
	f.of(b, p, &k)
	return k
}

// base loads what the figures of a period and their trends rest on.
func (s *Service) base(ctx context.Context, p Period) (*base, error) {
	b := &base{today: DayOf(s.Clock.Now(), p.Zone), backlog: map[Day]int{}, authors: map[Period]int{}, sums: map[Period]TicketCounts{}}
	wide := Period{From: min(p.From, p.To.Add(1-2*slices.Max(spans))), To: p.To, Zone: p.Zone}
	ever, known := 0, false
	err := together(
		func() (err error) { ever, known, err = s.Store.Backlog(ctx, wide.From); return err },
		func() (err error) { b.costs, err = s.Store.Costs(ctx); return err },
		loading(ctx, s.Store, SubjectTickets, All, wide, &b.tickets), loading(ctx, s.Store, SubjectTickets, ByAgent, wide, &b.agents),
		loading(ctx, s.Store, SubjectSurveys, All, wide, &b.surveys), loading(ctx, s.Store, SubjectAttempts, All, wide, &b.attempts),
	)
	if err != nil {
		return nil, err
	}
	for _, day := range wide.Days() {
		c, any := b.tickets[day][""]
		ever += c.delta()
		if known = known || any; known { // before the first ticket there is nothing to owe, and no target to meet
			b.backlog[day] = ever
		}
	}
	asked := []Period{p}
	for _, days := range spans {
		last := p.Last(days)
		asked = append(asked, last, last.Before())
	}
	for _, p := range asked {
		if b.authors[p], err = s.Store.TicketAuthors(ctx, p.From, p.To); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// all are the figures of a period with goals, trends and curves.
func (s *Service) all(b *base, p Period) []KPI {
	var list []KPI
	for _, f := range figures {
		k := f.value(b, p)
		k.Goal = s.Config.Goals[f.id]
		for _, days := range spans {
			last := p.Last(days)
			k.Windows = append(k.Windows, Window{Days: days, Value: f.value(b, last).Value, Before: f.value(b, last.Before()).Value})
		}
		for _, step := range p.steps() {
			k.Points = append(k.Points, Point{step, f.value(b, step).Value})
		}
		list = append(list, k)
	}
	return list
}

// Compliance is how promises of one kind of ticket were kept.
type Compliance struct {
	Value     string `json:"value"` // tier, priority or tier/priority
	All       Rate   `json:"all"`
	First     Rate   `json:"first"`    // first responses
	Solved    Rate   `json:"solved"`   // resolutions
	Created   int    `json:"created"`  // tickets written
	Breached  int    `json:"breached"` // promises broken
	Late      int    `json:"late"`     // best effort that came late (D-9)
	FirstTime Spread `json:"firstTime"`
	SolveTime Spread `json:"solveTime"` // both in open time
}

func compliance(totals map[string]TicketCounts) []Compliance {
	var rows []Compliance
	for _, v := range sortedKeys(totals) {
		c := totals[v]
		rows = append(rows, Compliance{
			Value: v, All: RateOf(c.Met, c.Met+c.Breached), First: RateOf(c.FirstMet, c.FirstMet+c.FirstBreached),
			Solved: RateOf(c.SolvedMet, c.SolvedMet+c.SolvedBreached), Created: c.Created, Breached: c.Breached, Late: c.Late,
			FirstTime: SpreadOf(c.FirstBusiness), SolveTime: SpreadOf(c.SolvedBusiness),
		})
	}
	return rows
}

// promises says how promises were kept by tier, by priority, and by both.
func (s *Service) promises(ctx context.Context, p Period) (tiers, priorities, both []Compliance, err error) {
	cells, err := load[TicketCounts](ctx, s.Store, SubjectTickets, ByTierPriority, p)
	if err != nil {
		return nil, nil, nil, err
	}
	totals := byValue(cells, p)
	tier := func(v string) string { before, _, _ := strings.Cut(v, "/"); return before }
	priority := func(v string) string { _, after, _ := strings.Cut(v, "/"); return after }
	return compliance(regroup(totals, tier)), compliance(regroup(totals, priority)), compliance(totals), nil
}

// Volume is how many tickets of a kind there were.
type Volume struct {
	Value    string `json:"value"`
	Created  int    `json:"created"`
	Resolved int    `json:"resolved"`
}

// AgentWork is what a member of staff did in a period.
type AgentWork struct {
	Staff    string `json:"staff"` // id
	Replies  int    `json:"replies"`
	Resolved int    `json:"resolved"`
	Days     int    `json:"days"` // on which they answered or resolved something
}

// SupportReport is the support team's figures of a period.
type SupportReport struct {
	Period     Period        `json:"period"`
	KPIs       []KPI         `json:"kpis"`
	Tiers      []Compliance  `json:"tiers"`
	Priorities []Compliance  `json:"priorities"`
	Cells      []Compliance  `json:"cells"` // tier/priority
	Categories []Volume      `json:"categories"`
	Channels   []Volume      `json:"channels"`
	Langs      []Volume      `json:"langs"`
	Agents     []AgentWork   `json:"agents"`
	Causes     map[Cause]int `json:"causes"` // of the promises broken in the period
	Scores     SurveyCounts  `json:"scores"`
}

// KPI finds a figure of the report.
func (r SupportReport) KPI(id KPIID) KPI {
	for _, k := range r.KPIs {
		if k.ID == id {
			return k
		}
	}
	return KPI{ID: id}
}

// Support makes the support report of a period.
func (s *Service) Support(ctx context.Context, p Period) (SupportReport, error) {
	r := SupportReport{Period: p, Causes: map[Cause]int{}}
	var b *base
	volumes := func(dim string, to *[]Volume) func() error {
		return func() (err error) { *to, err = s.volumes(ctx, dim, p); return err }
	}
	err := together(
		func() (err error) { b, err = s.base(ctx, p); return err },
		func() (err error) { r.Tiers, r.Priorities, r.Cells, err = s.promises(ctx, p); return err },
		volumes(ByCategory, &r.Categories), volumes(ByChannel, &r.Channels), volumes(ByLang, &r.Langs),
	)
	if err != nil {
		return r, err
	}
	r.KPIs = s.all(b, p)
	r.Scores = sum(b.surveys, p, "")
	r.Agents = agents(b.agents, p)
	maps.Copy(r.Causes, b.sum(p).Causes)
	return r, nil
}

// volumes counts the tickets of a period along a dimension.
func (s *Service) volumes(ctx context.Context, dim string, p Period) (all []Volume, err error) {
	cells, err := load[TicketCounts](ctx, s.Store, SubjectTickets, dim, p)
	if err != nil {
		return nil, err
	}
	totals := byValue(cells, p)
	for _, v := range sortedKeys(totals) {
		all = append(all, Volume{Value: v, Created: totals[v].Created, Resolved: totals[v].Resolved})
	}
	return all, nil
}

func agents(cells daily[TicketCounts], p Period) []AgentWork {
	all := map[string]AgentWork{}
	for _, day := range p.Days() {
		for id, c := range cells[day] {
			w := all[id]
			all[id] = AgentWork{Staff: id, Replies: w.Replies + c.Replies, Resolved: w.Resolved + c.Resolved, Days: w.Days + 1}
		}
	}
	rows := make([]AgentWork, 0, len(all))
	for _, id := range sortedKeys(all) {
		rows = append(rows, all[id])
	}
	return rows
}

// BrokenTicket is a ticket with a broken promise.
type BrokenTicket struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	State    string    `json:"state"`
	Customer string    `json:"customer"` // company, "" when the person belongs to none
	MRRCents int64     `json:"mrrCents"` // the company's monthly revenue today
	Received time.Time `json:"received"`
	// CustomerID is the company's id, "" for none: two may have one name.
	CustomerID string    `json:"-"`
	Note       RootCause `json:"note"` // a person's, when somebody wrote one
	Facts      Facts     `json:"-"`
}

// brokenIn are the promises to the customer broken in a period.
func (t BrokenTicket) brokenIn(p Period) []Verdict {
	var all []Verdict
	for _, v := range t.Facts.Verdicts {
		if v.Breached && v.Contractual() && p.Has(v.At) {
			all = append(all, v)
		}
	}
	return all
}

// byVolume puts the kinds with most tickets first.
func byVolume(rows []Volume) []Volume {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Volume) int { return cmp.Compare(b.Created, a.Created) })
	return rows
}
