package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// PanelStore reads what stands beside a ticket.
type PanelStore interface {
	HistoryOf(ctx context.Context, personID, customerID string, limit int) ([]ticket.Past, error)
	SharedReading(ctx context.Context, ticketID string) ([]ticket.Read, error)
	EscalationsOf(ctx context.Context, ticketID string) ([]ticket.Escalation, error)
}

const historyShown = 8 // other tickets in the customer panel

// ticketParts are the reply form of a ticket page and the panels about the
// customer and the escalation; each has a template of its own.
type ticketParts struct {
	Compose  composeView
	Customer customerPanel
	Level    levelPanel
}

// customerPanel is who wrote: company, revenue, history and, where the person
// agreed to share it, what was read before writing.
type customerPanel struct {
	ticket.CustomerView
	Tier    ticket.Tier
	Revenue string // a month, in euros; "" when none is known
	History []ticket.Past
	Read    []readView
	Credits []staffCredit
}

type readView struct {
	Title, Path, Lang string
	At                time.Time
}

// levelPanel is who works on the ticket and how to hand it up (D-24).
type levelPanel struct {
	ID       string
	Version  int64
	Level    ticket.SupportLevel
	Above    []ticket.SupportLevel
	Below    []ticket.SupportLevel
	To       ticket.SupportLevel
	Brief    ticket.Brief
	Reason   string
	Customer customerPanel
	Past     []escalationView
	Owed     string // id of the escalation whose brief is owed, "" for none
	Seen     int64
	Active   bool
	Open     bool // something was wrong with the form: show it
	Errors   map[string]string
}

type escalationView struct {
	ticket.Escalation
	By      string
	Revenue string
}

// euros is a monthly revenue in words, "" for none.
func euros(loc *Locale, cents int64) string {
	if cents <= 0 {
		return ""
	}
	return loc.T("staff.panel.euros", "Amount", loc.Number(int(cents/100)))
}

// partsOf makes the parts of a ticket's page. wrong is what is wrong with the
// form that was posted, nil for nothing.
func (s *Server) partsOf(c *gin.Context, m *ticket.Staff, t ticket.Ticket, who ticket.CustomerView, names map[string]string, wrong *errs.Error) (ticketParts, error) {
	var p ticketParts
	var err error
	if p.Compose, err = s.composeViewOf(c, t, who, m); err != nil {
		return p, err
	}
	if p.Customer, err = s.customerPanelOf(c, t, who); err != nil {
		return p, err
	}
	if p.Level, err = s.levelPanelOf(c, t, p.Customer, names, wrong); err != nil {
		return p, err
	}
	p.Compose.Errors, _ = s.wrongWords(c, wrong)
	// A form that was typed keeps the version it was typed on, or a change in
	// between would go unseen; once the page has said so, the new one counts.
	if wrong == nil || wrong.Kind != errs.Conflict {
		if n := number(c.Request.PostForm.Get("version")); n > 0 {
			p.Compose.Version, p.Level.Version = n, n
		}
	}
	return p, nil
}

// seen notes the last event that the forms' reader has seen: the one a posted
// form names, else the last one shown.
func (p *ticketParts) seen(last int64, posted url.Values) {
	if n := number(posted.Get("seen")); n > 0 && n < last && number(posted.Get("version")) == p.Compose.Version {
		last = n
	}
	p.Compose.Seen, p.Level.Seen = last, last
}

func (s *Server) customerPanelOf(c *gin.Context, t ticket.Ticket, who ticket.CustomerView) (customerPanel, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	p := customerPanel{CustomerView: who, Tier: t.Tier, Revenue: euros(s.locale(c), who.MRRCents)}
	history, err := db.HistoryOf(ctx, t.PersonID, who.CustomerID, historyShown+1)
	if err != nil {
		return p, err
	}
	for _, h := range history {
		if h.ID != t.ID && len(p.History) < historyShown {
			p.History = append(p.History, h)
		}
	}
	credits, err := db.Credits(ctx, ticket.CreditFilter{Account: cmp.Or(who.CustomerID, t.PersonID), Limit: historyShown})
	if err != nil {
		return p, err
	}
	for _, k := range credits {
		p.Credits = append(p.Credits, staffCreditOf(k, nil, s.opt.Clock.Now()))
	}
	read, err := db.SharedReading(ctx, t.ID)
	if err != nil {
		return p, err
	}
	for _, r := range read {
		v := readView{Title: r.Article, Lang: r.Lang, At: r.At}
		if a := s.current().library.ByPair(r.Lang, r.Article); a != nil {
			v.Title, v.Path = a.Title, a.URL()
		}
		p.Read = append(p.Read, v)
	}
	return p, nil
}

func (s *Server) levelPanelOf(c *gin.Context, t ticket.Ticket, who customerPanel, names map[string]string, wrong *errs.Error) (levelPanel, error) {
	loc := s.locale(c)
	p := levelPanel{ID: t.ID, Version: t.Version, Level: t.Level, Customer: who, Active: t.State.Active()}
	at := slices.Index(ticket.SupportLevels, t.Level)
	p.Above, p.Below = ticket.SupportLevels[at+1:], ticket.SupportLevels[:max(at, 0)]
	past, err := s.opt.Support.Store.EscalationsOf(c.Request.Context(), t.ID)
	if err != nil {
		return p, err
	}
	for _, e := range past {
		p.Past = append(p.Past, escalationView{e, names[e.Staff], euros(loc, e.MRRCents)})
		if e.WrittenAt.IsZero() && p.Active {
			p.Owed = e.ID
		}
	}
	p.Errors, _ = s.wrongWords(c, wrong)
	if f := c.Request.PostForm; f.Get("form") == "level" {
		p.To, p.Brief, p.Reason, p.Open = ticket.SupportLevel(f.Get("level")), readBrief(c), f.Get("reason"), wrong != nil
	}
	return p, nil
}

func readBrief(c *gin.Context) ticket.Brief {
	f := c.Request.PostForm
	return ticket.Brief{Problem: f.Get("problem"), Timeline: f.Get("timeline"), Impact: f.Get("impact"), Attempts: f.Get("attempts"), Help: f.Get("help")}
}

// escalate hands the ticket up with its brief, back down, or writes a brief
// that is owed (D-24).
func (s *Server) escalate(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, ctx, id, svc := c.Request.PostForm, c.Request.Context(), c.Param("id"), s.opt.Support.Tickets
	version := number(f.Get("version"))
	if version < 1 {
		return errs.InvalidFields(errs.Field{Name: "version", Key: "error.field.choice"})
	}
	to := ticket.SupportLevel(f.Get("level"))
	var err error
	switch f.Get("action") {
	case "up":
		_, err = svc.Escalate(ctx, id, version, m.ID, to, readBrief(c))
	case "down":
		err = svc.HandBack(ctx, id, version, m.ID, to, f.Get("reason"))
	case "brief":
		err = svc.WriteBrief(ctx, id, version, m.ID, f.Get("escalation"), readBrief(c))
	default:
		err = errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
	}
	if err != nil {
		return s.ticketAgain(c, m, err)
	}
	s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+id+"#level")
	return nil
}
