package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// AlertStore reads what the page of alerts shows.
type AlertStore interface {
	Alerts(context.Context, notify.AlertFilter) ([]notify.AlertRow, error)
	// CountUndelivered counts the messages to channels that did not arrive.
	CountUndelivered(ctx context.Context, since time.Time) (int, error)
	// DueBefore lists active tickets with a promise due before t, the latest
	// due first.
	DueBefore(ctx context.Context, t time.Time, limit int) ([]ticket.Ticket, error)
}

// alertRoutes are the pages about what people were told.
func (s *Server) alertRoutes() {
	s.get("/staff/alerts", s.staffMay(team.WorkTickets, s.alerts))
	s.get("/staff/mails", s.staffMay(team.EditMacros, s.mails))
}

var (
	alertsPage = definePage[alertsView]("staff_alerts")
	mailsPage  = definePage[mailsView]("staff_mails")
)

const (
	alertsPerPage = 50
	// maxAtRisk bounds the tickets looked through for promises that nobody is
	// there to keep.
	maxAtRisk = 500
	// alertWeek is how far back the number in the menu looks.
	alertWeek = 7 * 24 * time.Hour
)

type alertsView struct {
	Chrome
	Desk        desk
	Rows        []alertLine
	Undelivered bool
	Ticket      string // number of the one ticket that is shown, "" for all
	Staffed     bool   // somebody is at the desk now
	Closes      time.Time
	Opens       time.Time // zero: the desk is always staffed
	AtRisk      []riskView
	Channels    []string
	Prev, Next  string
}

// alertLine is one alert in words.
type alertLine struct {
	At       time.Time
	What     string
	TicketID string
	Number   string
	Tier     ticket.Tier
	Priority ticket.Priority
	Due      time.Time
	Held     bool
	Told     []tellingView
}

// tellingView is one message of an alert: to whom, by which way, and how far.
type tellingView struct {
	Who   string
	State string // delivered, queued, waiting, undelivered, suppressed
	Tone  string
	At    time.Time // delivered, or not before
	Tries int
	Error string
}

// riskView is a promise that falls due while nobody is at the desk.
type riskView struct {
	Ticket ticket.Ticket
	Target string
	Due    time.Time
}

// alerts shows what fired, whom it was told and whether it arrived.
func (s *Server) alerts(c *gin.Context, m *ticket.Staff) error {
	ctx, db, loc := c.Request.Context(), s.opt.Support.Store, s.locale(c)
	v := alertsView{Chrome: s.staffChrome(c, "staff.alerts.title"), Undelivered: c.Query("undelivered") == "1", Channels: s.opt.Support.Channels}
	page := pageNumber(c.Query("page"))
	f := notify.AlertFilter{Undelivered: v.Undelivered, Limit: alertsPerPage + 1, Offset: (page - 1) * alertsPerPage}
	if id := c.Query("ticket"); id != "" {
		t, err := db.TicketByID(ctx, clip(id, 64))
		if err != nil {
			return err
		}
		f.TicketID, v.Ticket = t.ID, t.Number
	}
	var err error
	if v.Desk, err = s.desk(c, m, "alerts"); err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	rows, err := db.Alerts(ctx, f)
	if err != nil {
		return err
	}
	query := url.Values{}
	if v.Undelivered {
		query.Set("undelivered", "1")
	}
	if f.TicketID != "" {
		query.Set("ticket", f.TicketID)
	}
	if len(rows) > alertsPerPage {
		rows, v.Next = rows[:alertsPerPage], alertsPath(query, page+1)
	}
	if page > 1 {
		v.Prev = alertsPath(query, page-1)
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, s.alertLine(loc, r, names))
	}
	if v.Ticket == "" && !v.Undelivered && page == 1 {
		if err := s.staffing(ctx, &v); err != nil {
			return err
		}
	}
	return render(s, c, http.StatusOK, alertsPage, v)
}

func alertsPath(q url.Values, page int) string {
	q.Set("page", strconv.Itoa(page))
	return "/staff/alerts?" + q.Encode()
}

// staffing says when the desk is staffed, and which promises fall due while it
// is not (D-22): somebody must decide whether to come in for them.
func (s *Server) staffing(ctx context.Context, v *alertsView) error {
	now, clocks := s.opt.Clock.Now(), s.opt.Support.Tickets.Clocks
	from, to, ok := clocks.Unstaffed(now)
	if !ok {
		v.Staffed = true
		return nil
	}
	v.Staffed, v.Closes, v.Opens = from.After(now), from, to
	tickets, err := s.opt.Support.Store.DueBefore(ctx, to, maxAtRisk)
	if err != nil {
		return err
	}
	for _, t := range tickets {
		for _, g := range clocks.AtRisk(t, now) {
			v.AtRisk = append(v.AtRisk, riskView{Ticket: t, Target: g.Name, Due: g.Due})
		}
	}
	return nil
}

// alertLine puts an alert into words.
func (s *Server) alertLine(loc *Locale, r notify.AlertRow, names map[string]string) alertLine {
	key, data := notify.EventText(r.Event)
	if r.Target != "" {
		data["Target"] = loc.T("target." + r.Target)
	}
	data["Priority"] = string(r.Priority)
	v := alertLine{
		At: r.CreatedAt, What: loc.Text(key, data), TicketID: r.TicketID, Number: r.Number, Tier: r.Tier, Priority: r.Priority, Due: r.Due, Held: r.Held,
	}
	now := s.opt.Clock.Now()
	for _, t := range r.Told {
		told := tellingView{Who: t.Channel, State: string(t.State), Tries: t.Attempts, Error: t.LastError, At: t.DoneAt}
		if t.Channel == "mail" {
			told.Who = names[t.StaffID]
			if told.Who == "" {
				told.Who = loc.T("staff.alerts.gone")
			}
		}
		switch t.State {
		case notify.Delivered:
			told.Tone = "success"
		case notify.Undelivered:
			told.Tone = "danger"
		case notify.Waiting:
			told.At = time.Time{}
			if t.SendAt.After(now) {
				told.State, told.At = "waiting", t.SendAt
			}
		}
		v.Told = append(v.Told, told)
	}
	return v
}

type mailsView struct {
	Chrome
	Desk  desk
	Langs []mailLang
}

// mailLang is the mails of one language.
type mailLang struct {
	Lang  string
	Name  string
	Mails []notify.Preview
}

// mails shows what customers receive, as it is written now.
func (s *Server) mails(c *gin.Context, m *ticket.Staff) error {
	v := mailsView{Chrome: s.staffChrome(c, "staff.mails.title")}
	var err error
	if v.Desk, err = s.desk(c, m, "mails"); err != nil {
		return err
	}
	for _, lang := range s.current().library.Langs() {
		l := mailLang{Lang: lang, Name: lang, Mails: s.opt.Support.Previews(lang)}
		if loc := s.locales.Get(lang); loc != nil {
			l.Name = loc.T("language.name")
		}
		for i := range l.Mails {
			l.Mails[i].Body = strings.TrimSpace(l.Mails[i].Body)
		}
		v.Langs = append(v.Langs, l)
	}
	return render(s, c, http.StatusOK, mailsPage, v)
}
