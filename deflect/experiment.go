package deflect

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmcloud/ricochet/internal/errs"
)

// The bounds of the hold-out share of D-32. Above MaxShare most people would
// be kept from answers in order to know what answers are worth.
const (
	DefaultShare = 0.20
	MaxShare     = 0.90
	maxReason    = 500 // characters
)

// Period is a stretch of time with one hold-out share and one seed, from From
// to the next period's: a stratum of the estimate (D-32). Periods are appended
// and never changed.
type Period struct {
	ID     string
	From   time.Time
	Share  float64 // of the units (D-29) that see no suggestions, 0..MaxShare; 0 switches the hold-out off
	Seed   string  // of the draw; see Arm
	Actor  string  // staff id, "" for the program itself or its command line
	Reason string
}

// Arm is the arm of a unit in the period; "" before the first period.
func (p Period) Arm(unit string) Group {
	if p.ID == "" {
		return ""
	}
	return Arm(p.Seed, unit, p.Share)
}

// ExperimentTx is what the experiment's settings need from a transaction.
// Implemented by store.
type ExperimentTx interface {
	Now() time.Time
	// Period is the latest period, the zero one when there is none.
	Period() (Period, error)
	InsertPeriod(Period) error
	// Audit appends to the team's audit log.
	Audit(actor, action, object string, data map[string]string) error
}

// What the audit log says of a change of the share.
const (
	auditAction = "setting_changed" // team.SettingChanged
	auditObject = "holdout"
)

// ExperimentStore opens such transactions.
type ExperimentStore interface {
	InTx(ctx context.Context, fn func(ExperimentTx) error) error
}

// Experimenter keeps the hold-out's settings.
type Experimenter struct{ Store ExperimentStore }

// Begin starts the first period with a share, unless there is one already.
func (e *Experimenter) Begin(ctx context.Context, share float64) error {
	if err := checkShare(share); err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(tx ExperimentTx) error {
		p, err := tx.Period()
		if err != nil || p.ID != "" {
			return err
		}
		return tx.InsertPeriod(Period{ID: NewID(), From: tx.Now(), Share: share, Seed: NewID()})
	})
}

// Change starts a period with another share, on somebody's word and for a
// reason. The seed stays, so that a larger share only adds units to the
// hold-out and a smaller one only releases some; redraw takes a new seed, and
// every unit is drawn anew. Nothing is written when nothing would change.
func (e *Experimenter) Change(ctx context.Context, share float64, redraw bool, actor, reason string) (Period, error) {
	reason = strings.TrimSpace(reason)
	var wrong []errs.Field
	if checkShare(share) != nil {
		wrong = append(wrong, shareField())
	}
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		wrong = append(wrong, errs.Field{Name: "reason", Key: "error.field.reason"})
	}
	if len(wrong) > 0 {
		return Period{}, errs.InvalidFields(wrong...)
	}
	var next Period
	err := e.Store.InTx(ctx, func(tx ExperimentTx) error {
		now, err := tx.Period()
		if err != nil {
			return err
		}
		next = now
		if now.ID != "" && now.Share == share && !redraw {
			return nil
		}
		next = Period{ID: NewID(), From: tx.Now(), Share: share, Seed: now.Seed, Actor: actor, Reason: reason}
		if redraw || next.Seed == "" {
			next.Seed = NewID()
		}
		if err := tx.InsertPeriod(next); err != nil {
			return err
		}
		return tx.Audit(actor, auditAction, auditObject, map[string]string{
			"from": formatShare(now.Share), "to": formatShare(share), "redraw": strconv.FormatBool(redraw),
		})
	})
	return next, err
}

func formatShare(share float64) string { return strconv.FormatFloat(share, 'g', -1, 64) }

func checkShare(share float64) error {
	if math.IsNaN(share) || share < 0 || share > MaxShare {
		return errs.InvalidFields(shareField())
	}
	return nil
}

func shareField() errs.Field {
	return errs.Field{Name: "share", Key: "error.field.share", Args: map[string]any{"Max": int(math.Round(MaxShare * 100))}}
}

// Stratum is a period with the attempts that were started in it.
type Stratum struct {
	Period
	Arms         // judged, counted attempts that stayed in the experiment
	Waiting  int // counted attempts younger than TicketWindow
	Excluded int // judged ones that were found to be Enterprise or P0/P1 (D-32)
}

// Findings is the result of the experiment, over all its strata.
type Findings struct {
	Strata   []Stratum // oldest first
	All      Arms      // their sum, for reading; the estimate keeps them apart
	Waiting  int
	Excluded int
	Estimate Causal
	Known    bool // false: nothing to estimate from yet, Estimate is zero
}

// Find sums up the strata and estimates the causal rate (D-32).
func Find(strata []Stratum) Findings {
	f := Findings{Strata: strata}
	arms := make([]Arms, len(strata))
	for i, s := range strata {
		arms[i] = s.Arms
		f.All.Treated += s.Treated
		f.All.TreatedTickets += s.TreatedTickets
		f.All.Held += s.Held
		f.All.HeldTickets += s.HeldTickets
		f.Waiting += s.Waiting
		f.Excluded += s.Excluded
	}
	f.Estimate, f.Known = EstimateCausal(arms...)
	return f
}

// Outlook is when a hold-out share will have answered the question.
type Outlook struct {
	Share    float64
	Attempts int       // still to come
	At       time.Time // when they will have come and had their 72 h
	Ok       bool      // false: never, or not within 50 years
}

// Assumptions are what an outlook rests on.
type Assumptions struct {
	Base    float64 // tickets per attempt without suggestions
	Guessed bool    // Base is AssumedBase, because too few attempts were held out
	Effect  float64 // causal rate that should be recognised
	PerDay  float64 // counted attempts a day
}

// What is assumed until enough was measured.
const (
	AssumedBase   = 0.30
	AssumedEffect = 0.25
	minBase       = 30 // attempts in the hold-out from which its own rate is used
)

// Assume takes the base rate from the hold-out when it is large enough.
func (f Findings) Assume(effect, perDay float64) Assumptions {
	a := Assumptions{Base: AssumedBase, Guessed: true, Effect: effect, PerDay: perDay}
	if f.All.Held >= minBase && f.All.HeldTickets > 0 {
		a.Base, a.Guessed = float64(f.All.HeldTickets)/float64(f.All.Held), false
	}
	return a
}

// Outlooks says for each share when the answer would be known, going on from
// what was found so far.
func (f Findings) Outlooks(a Assumptions, now time.Time, shares ...float64) []Outlook {
	list := make([]Outlook, len(shares))
	for i, share := range shares {
		p := Plan{Base: a.Base, Effect: a.Effect, Share: share}
		o := Outlook{Share: share}
		if o.At, o.Ok = p.KnownBy(f.All, now, a.PerDay); o.Ok {
			o.Attempts, _ = p.Attempts(f.All) // KnownBy has asked it already
		}
		list[i] = o
	}
	return list
}
