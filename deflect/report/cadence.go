package report

import (
	"context"
	"fmt"
	"time"
)

// Cadence is how often a periodic report comes (the reference's section 7.2).
type Cadence string

// The cadences of section 7.2.
const (
	Daily     Cadence = "daily"
	Weekly    Cadence = "weekly"
	Monthly   Cadence = "monthly"
	Quarterly Cadence = "quarterly"
)

// Cadences lists them, the most frequent first.
var Cadences = []Cadence{Daily, Weekly, Monthly, Quarterly}

// issueHour is when a report is due on the first day after its period, on the
// site's clock: before the desk opens.
const issueHour = 7

// Holding is the period of a cadence that holds a day: the day itself, its
// week from Monday, its month, its quarter.
func (c Cadence) Holding(day Day, zone *time.Location) Period {
	t := day.civil()
	from, to := t, t
	switch c {
	case Weekly:
		from = t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
		to = from.AddDate(0, 0, 6)
	case Monthly:
		from = t.AddDate(0, 0, 1-t.Day())
		to = from.AddDate(0, 1, -1)
	case Quarterly:
		from = time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
		to = from.AddDate(0, 3, -1)
	}
	return Period{From: Day(from.Format(time.DateOnly)), To: Day(to.Format(time.DateOnly)), Zone: zone}
}

// Due is when the report of a period is due.
func (c Cadence) Due(p Period) time.Time {
	t := p.To.Add(1).civil()
	return time.Date(t.Year(), t.Month(), t.Day(), issueHour, 0, 0, 0, p.Zone)
}

// Latest is the last period whose report is due at now.
func (c Cadence) Latest(now time.Time, zone *time.Location) Period {
	p := c.Holding(c.Holding(DayOf(now, zone), zone).From.Add(-1), zone)
	if c.Due(p).After(now) {
		p = c.Holding(p.From.Add(-1), zone)
	}
	return p
}

// Urgent is a ticket that should not wait: active and P0 to P2.
type Urgent struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	Priority string    `json:"priority"`
	Tier     string    `json:"tier"`
	State    string    `json:"state"`
	Due      time.Time `json:"due,omitzero"` // the next promise, zero while none runs
	Target   string    `json:"target"`
}

// Digest is a periodic report. What a cadence does not look at is left empty.
type Digest struct {
	Cadence Cadence   `json:"cadence"`
	Period  Period    `json:"period"`
	Due     time.Time `json:"due"`

	KPIs       []KPI               `json:"kpis"`                 // those that the cadence looks at
	Breaches   []SLABreach         `json:"breaches,omitempty"`   // daily and weekly: every one; later: the worst
	Urgent     []Urgent            `json:"urgent,omitempty"`     // daily: as of now
	Categories []Volume            `json:"categories,omitempty"` // weekly and longer, most tickets first
	Causes     []Corrective        `json:"causes,omitempty"`     // weekly and longer: what recurs
	Unanswered []QueryRow          `json:"unanswered,omitempty"` // weekly and longer: searches that found nothing
	Agents     []AgentWork         `json:"agents,omitempty"`     // monthly: where help or training is needed
	Articles   []ArticleStanding   `json:"articles,omitempty"`   // monthly: those that help too few
	SLA        *SLAReport          `json:"sla,omitempty"`        // monthly and quarterly
	Deflection *DeflectionReport   `json:"deflection,omitempty"` // monthly and quarterly
	Search     *SearchReport       `json:"search,omitempty"`     // quarterly
	Support    *SupportReport      `json:"support,omitempty"`    // monthly and quarterly
	Months     []CadenceComparison `json:"months,omitempty"`     // quarterly: month by month
}

// CadenceComparison is a month of a quarter.
type CadenceComparison struct {
	Period Period `json:"period"`
	KPIs   []KPI  `json:"kpis"`
}

// looksAt are the figures of the shorter cadences; the longer ones look at all.
var looksAt = map[Cadence][]KPIID{
	Daily:  {KPICreated, KPIResolved, KPIBacklog, KPIFirstBusiness, KPIBreaches, KPICompliance},
	Weekly: {KPICreated, KPIResolved, KPIBacklog, KPIFirstBusiness, KPISolvedBusiness, KPICompliance, KPIBreaches, KPICSAT, KPIReopened, KPIFirstContact, KPIDeflectionClaim},
}

func (c Cadence) selects(all []KPI) []KPI {
	ids, ok := looksAt[c]
	if !ok {
		return all
	}
	var out []KPI
	for _, id := range ids {
		for _, k := range all {
			if k.ID == id {
				out = append(out, k)
			}
		}
	}
	return out
}

// maxUrgent bounds the list of a bad day.
const maxUrgent = 50

// Digest makes the periodic report of a period. library is for the monthly
// look at articles.
func (s *Service) Digest(ctx context.Context, c Cadence, p Period, library []ArticleMeta) (Digest, error) {
	d := Digest{Cadence: c, Period: p, Due: c.Due(p)}
	support, err := s.Support(ctx, p)
	if err != nil {
		return d, err
	}
	promises, err := s.SLA(ctx, p)
	if err != nil {
		return d, err
	}
	d.KPIs, d.Breaches = c.selects(support.KPIs), promises.Breaches
	if c == Daily {
		d.Urgent, err = s.Store.UrgentTickets(ctx, maxUrgent)
		return d, err
	}
	search, err := s.Search(ctx, p)
	if err != nil {
		return d, err
	}
	d.Categories, d.Causes, d.Unanswered = byVolume(support.Categories), promises.Causes, search.Top[NoResult]
	if c == Weekly {
		return d, nil
	}
	return d, s.lookBack(ctx, &d, support, promises, search, library)
}

// lookBack adds what only the monthly and quarterly reports look at.
func (s *Service) lookBack(ctx context.Context, d *Digest, support SupportReport, promises SLAReport, search SearchReport, library []ArticleMeta) error {
	deflection, err := s.Deflection(ctx, d.Period)
	if err != nil {
		return err
	}
	articles, err := s.Articles(ctx, d.Period, library)
	if err != nil {
		return err
	}
	d.Agents, d.SLA, d.Deflection, d.Support, d.Breaches = support.Agents, &promises, &deflection, &support, promises.Top
	d.Articles = needsWork(articles.Articles)
	if d.Cadence != Quarterly {
		return nil
	}
	d.Search = &search
	for from := d.Period.From; from <= d.Period.To; {
		month := Monthly.Holding(from, d.Period.Zone)
		b, err := s.base(ctx, month)
		if err != nil {
			return err
		}
		d.Months = append(d.Months, CadenceComparison{Period: month, KPIs: s.all(b, month)})
		from = month.To.Add(1)
	}
	return nil
}

// Title names a period's report for files and dedupe keys: "weekly-2026-11-16".
func (d Digest) Title() string { return fmt.Sprintf("%s-%s", d.Cadence, d.Period.From) }

// Tables are the digest's figures.
func (d Digest) Tables() []Table {
	all := SupportReport{Period: d.Period, KPIs: d.KPIs}.Tables()[:1]
	breaches := SLAReport{Period: d.Period, Breaches: d.Breaches, Causes: d.Causes}.Tables()
	all = append(all, breaches[1], breaches[2])
	urgent := Table{Name: "urgent", Columns: []string{"number", "priority", "tier", "state", "target"}}
	for _, u := range d.Urgent {
		urgent.add(u.Number, u.Priority, u.Tier, u.State, u.Target)
	}
	volume := Table{Name: "categories", Columns: []string{"category", "created", "resolved"}}
	for _, v := range d.Categories {
		volume.add(v.Value, v.Created, v.Resolved)
	}
	unanswered := Table{Name: "unanswered", Columns: []string{"lang", "query", "searches", "no_result"}}
	for _, q := range d.Unanswered {
		unanswered.add(q.Lang, q.Query, q.N, q.NoResult)
	}
	return append(all, urgent, volume, unanswered)
}
