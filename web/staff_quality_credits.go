package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var creditsPage = definePage[creditsView]("staff_credits")

const (
	creditsPerPage = 50
	creditsExport  = 100_000 // rows of one download
)

type creditsView struct {
	Chrome
	Desk     desk
	State    ticket.CreditState
	Month    string
	States   []ticket.CreditState
	Rows     []staffCredit
	Previous string
	Next     string
	CSV      string
	Wrong    string // credit whose decision was refused
	Reason   string
	Errors   map[string]string
	Summary  string
}

// staffCredit is a credit as the desk shows it.
type staffCredit struct {
	ticket.CreditRow
	Now     ticket.CreditState // the state now: an offer may have expired
	Share   float64            // of the month's price
	Applied float64
	By      string
	Overdue bool // the review should be over (D-26)
}

func staffCreditOf(r ticket.CreditRow, names map[string]string, now time.Time) staffCredit {
	v := staffCredit{CreditRow: r, Now: r.StateAt(now), Share: float64(r.Share) / 10_000, Applied: float64(r.Applied) / 10_000, By: names[r.DecidedBy]}
	v.Overdue = v.Now == ticket.CreditClaimed && now.After(r.ReviewUntil)
	return v
}

// creditFilter reads what the credits page is asked for: those that wait for
// a decision unless another state is named.
func creditFilter(c *gin.Context) (f ticket.CreditFilter, page int) {
	f = ticket.CreditFilter{State: ticket.CreditClaimed, Month: clip(c.Query("month"), 7)}
	if _, asked := c.GetQuery("state"); asked {
		f.State = ""
		if st := ticket.CreditState(c.Query("state")); slices.Contains(ticket.CreditStates, st) && st != ticket.CreditExpired {
			f.State = st
		}
	}
	return f, pageNumber(c.Query("page"))
}

func creditsQuery(f ticket.CreditFilter, page int) string {
	q := url.Values{"state": {string(f.State)}}
	if f.Month != "" {
		q.Set("month", f.Month)
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return q.Encode()
}

// credits lists credits, those that were claimed first.
func (s *Server) credits(c *gin.Context, m *ticket.Staff) error {
	return s.showCredits(c, m, http.StatusOK, nil)
}

func (s *Server) showCredits(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	ctx, db, now := c.Request.Context(), s.opt.Support.Store, s.opt.Clock.Now()
	f, page := creditFilter(c)
	v := creditsView{Chrome: s.staffChrome(c, "staff.credits.title"), State: f.State, Month: f.Month, CSV: "/staff/credits.csv?" + creditsQuery(f, 1)}
	for _, st := range ticket.CreditStates {
		if st != ticket.CreditExpired { // not stored: an offer that ran out
			v.States = append(v.States, st)
		}
	}
	v.Errors, v.Summary = s.wrongWords(c, wrong)
	if wrong != nil {
		v.Wrong, v.Reason = c.Param("id"), c.Request.PostForm.Get("reason")
	}
	var err error
	if v.Desk, err = s.desk(c, m, "credits"); err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	f.Limit, f.Offset = creditsPerPage+1, (page-1)*creditsPerPage
	rows, err := db.Credits(ctx, f)
	if err != nil {
		return err
	}
	if len(rows) > creditsPerPage {
		rows, v.Next = rows[:creditsPerPage], "/staff/credits?"+creditsQuery(f, page+1)
	}
	if page > 1 {
		v.Previous = "/staff/credits?" + creditsQuery(f, page-1)
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, staffCreditOf(r, names, now))
	}
	return render(s, c, status, creditsPage, v)
}

// decideCredit accepts, approves, refuses or excludes a credit (D-25, D-26).
func (s *Server) decideCredit(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, svc, id := c.Request.PostForm, c.Request.Context(), s.opt.Support.Tickets, c.Param("id")
	var err error
	switch f.Get("action") {
	case "accept":
		err = svc.AcceptCredit(ctx, id, m.ID)
	case "approve":
		err = svc.ApproveCredit(ctx, id, m.ID)
	case "refuse":
		err = svc.RefuseCredit(ctx, id, m.ID, f.Get("reason"))
	case "exclude":
		err = svc.ExcludeCredit(ctx, id, m.ID, f.Get("reason"))
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		return s.showCredits(c, m, failures[errs.KindOf(err)].status, asError(err))
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/staff/credits?"+c.Request.URL.RawQuery)
	return nil
}

// creditsCSV is the list for billing: shares in percent of the month's price.
func (s *Server) creditsCSV(c *gin.Context, m *ticket.Staff) error {
	f, _ := creditFilter(c)
	f.Limit = creditsExport
	list, err := s.opt.Support.Store.Credits(c.Request.Context(), f)
	if err != nil {
		return err
	}
	now := s.opt.Clock.Now()
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	percent := func(share int) string { return strconv.FormatFloat(float64(share)/100, 'f', 2, 64) }
	rows := [][]string{{"credit", "ticket", "account", "company", "month", "tier", "priority", "target", "breached_at", "state", "share_percent", "applied_percent", "offered_at", "claimed_at", "review_until", "decided_at", "decided_by", "reason"}}
	for _, r := range list {
		rows = append(rows, []string{
			r.ID, r.Number, r.Account, r.Company, r.Month, r.Breach.Tier, string(r.Breach.Priority), string(r.Breach.Target), stamp(r.Breach.At),
			string(r.StateAt(now)), percent(r.Share), percent(r.Applied), stamp(r.OfferedAt), stamp(r.ClaimedAt), stamp(r.ReviewUntil), stamp(r.DecidedAt), r.DecidedBy, r.Reason,
		})
	}
	if err := s.audit(c, m, team.DataExported, "credits", nil); err != nil {
		return err
	}
	return s.writeCSV(c, "credits.csv", rows)
}
