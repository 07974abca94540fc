package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var (
	causePage = definePage[causeView]("staff_cause")
	owedPage  = definePage[owedView]("staff_owed")
)

// CauseStore reads the notes on root causes, and what of them is owed.
type CauseStore interface {
	RCAOf(ctx context.Context, subject string) (ticket.RCA, error)
	OwedNotes(ctx context.Context, limit int) ([]ticket.OwedNote, error)
	OwedBriefs(ctx context.Context, limit int) ([]ticket.OwedBrief, error)
}

const (
	freeActions = 2   // empty lines for corrective actions under those written
	maxActions  = 20  // lines of a posted form that are read
	maxOwed     = 200 // rows of each list of what is owed
)

// causeView is the note on the root cause of a ticket or incident.
type causeView struct {
	Chrome
	Desk    desk
	Number  string // of the ticket or incident
	Subject string
	Back    string // path of the ticket or incident; the note is one below
	Form    causeForm
	Note    ticket.RCA // as it is kept
	By      string
	DueBy   time.Time // when the note is owed, zero when it is not
	Late    bool
	Reply   causeReply
	Errors  map[string]string
	Summary string
}

// causeForm is the note's form, as it is kept or as it was typed.
type causeForm struct {
	Cause, Impact, Timeline string
	Version                 int64
	Actions                 []actionForm
}

// actionForm is one line of the list of corrective actions.
type actionForm struct {
	N      int
	What   string
	Due    string
	Done   bool
	Owners []choice
}

// causeReply is a draft of what the customer may be told, which the composer
// of the ticket opens with. The customer sees nothing of the note itself.
type causeReply struct {
	Path string // "" when nothing can be sent
	Lang string // of the ticket
	Text string
}

// causePanel is what the page of a ticket or incident says of its note.
type causePanel struct {
	Path  string
	Note  ticket.RCA // Version 0: none
	By    string
	DueBy time.Time // zero: nothing is owed
	Late  bool
}

// causeOf is the panel of a ticket or incident whose first broken promise was
// broken at an instant, zero for none. base is the path of its page.
func (s *Server) causeOf(ctx context.Context, subject, base string, broken time.Time, names map[string]string) (causePanel, error) {
	p := causePanel{Path: base + "/cause"}
	note, err := s.opt.Support.Store.RCAOf(ctx, subject)
	switch {
	case err == nil:
		p.Note, p.By = note, names[note.Staff]
		return p, nil
	case !errs.Is(err, errs.NotFound):
		return p, err
	}
	if !broken.IsZero() {
		p.DueBy, p.Late = s.causeDue(broken)
	}
	return p, nil
}

// causeDue is when the note on a promise broken at an instant must be there:
// when the month's report on promises, of which it is a part, is issued (D-18).
func (s *Server) causeDue(broken time.Time) (due time.Time, late bool) {
	zone := s.opt.Zone
	due = report.Monthly.Due(report.Monthly.Holding(report.DayOf(broken, zone), zone))
	return due, s.opt.Clock.Now().After(due)
}

// ticketCause is the panel of a ticket's page: its own note, or that of the
// incident it belongs to.
func (s *Server) ticketCause(ctx context.Context, t ticket.Ticket, names map[string]string) (causePanel, error) {
	p, err := s.causeOf(ctx, t.ID, "/staff/tickets/"+t.ID, firstBreach(t), names)
	if err != nil || p.Note.Version > 0 || t.Incident == "" {
		return p, err
	}
	shared, err := s.causeOf(ctx, t.Incident, "/staff/incidents/"+t.Incident, time.Time{}, names)
	if err == nil && shared.Note.Version > 0 {
		return shared, nil
	}
	return p, err
}

// firstBreach is when the first promise to the customer was broken, zero when
// none was: best-effort and internal goals are no promises (D-9, D-7).
func firstBreach(t ticket.Ticket) time.Time {
	var first time.Time
	for _, g := range t.SLA {
		if g.Kind == "contractual" && !g.BreachedAt.IsZero() && (first.IsZero() || g.BreachedAt.Before(first)) {
			first = g.BreachedAt
		}
	}
	return first
}

// causeSubject reads the ticket or incident that a note's page is about.
func (s *Server) causeSubject(c *gin.Context, v *causeView) (broken time.Time, err error) {
	ctx, db, id := c.Request.Context(), s.opt.Support.Store, c.Param("id")
	if strings.HasPrefix(c.FullPath(), "/staff/incidents/") {
		i, err := db.IncidentByID(ctx, id)
		v.Number, v.Subject, v.Back = i.Number, i.Title, "/staff/incidents/"+i.ID
		return time.Time{}, err
	}
	t, err := db.TicketByID(ctx, id)
	v.Number, v.Subject, v.Back = t.Number, t.Subject, "/staff/tickets/"+t.ID
	if t.State.Active() || t.State == ticket.Resolved {
		v.Reply.Path, v.Reply.Lang = v.Back+"/reply", t.Lang
	}
	return firstBreach(t), err
}

// cause shows the note and its form. Whoever works on tickets reads and writes
// it: who found the cause writes it down.
func (s *Server) cause(c *gin.Context, m *ticket.Staff) error {
	return s.showCause(c, m, http.StatusOK, nil)
}

func (s *Server) showCause(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	ctx := c.Request.Context()
	var v causeView
	broken, err := s.causeSubject(c, &v)
	if err != nil {
		return err
	}
	v.Chrome = s.staffChrome(c, "staff.cause.of", "Number", v.Number)
	names, err := s.opt.Support.Store.StaffNames(ctx)
	if err != nil {
		return err
	}
	p, err := s.causeOf(ctx, c.Param("id"), v.Back, broken, names)
	if err != nil {
		return err
	}
	v.Note, v.By, v.DueBy, v.Late = p.Note, p.By, p.DueBy, p.Late
	note := v.Note
	if wrong != nil {
		note = readCause(c.Request.PostForm)
		if wrong.Kind == errs.Conflict {
			note.Version = v.Note.Version // having read that somebody was faster, one may save over it
		}
	}
	v.Form = s.causeForm(s.locale(c), note, names)
	v.Errors, v.Summary = s.wrongWords(c, wrong)
	loc := s.locales.Get(v.Reply.Lang)
	if v.Note.Version == 0 || loc == nil {
		v.Reply.Path = ""
	} else {
		v.Reply.Text = causeWords(loc, v.Note)
	}
	if v.Desk, err = s.desk(c, m, "owed"); err != nil {
		return err
	}
	return render(s, c, status, causePage, v)
}

func (s *Server) causeForm(loc *Locale, r ticket.RCA, names map[string]string) causeForm {
	f := causeForm{Cause: r.Cause, Impact: r.Impact, Timeline: r.Timeline, Version: r.Version}
	lines := slices.Clone(r.Actions)
	for n := min(len(lines)+freeActions, maxActions); len(lines) < n; {
		lines = append(lines, ticket.CorrectiveAction{})
	}
	nobody := choice{Text: "–"}
	for i, a := range lines {
		owners := append([]choice{nobody}, assigneeChoices(loc, names, false)...)
		f.Actions = append(f.Actions, actionForm{N: i + 1, What: a.What, Due: a.Due, Done: a.Done, Owners: chosen(a.Owner, owners)})
	}
	return f
}

// causeWords is what a customer may be told of a note, as a draft of a reply:
// who does what by when, and how it came about inside, stays in the team.
func causeWords(loc *Locale, r ticket.RCA) string {
	parts := []string{loc.T("cause.intro"), loc.T("cause.cause") + "\n" + r.Cause, loc.T("cause.impact") + "\n" + r.Impact}
	var done []string
	for _, a := range r.Actions {
		done = append(done, "- "+a.What)
	}
	if len(done) > 0 {
		parts = append(parts, loc.T("cause.actions")+"\n"+strings.Join(done, "\n"))
	}
	return strings.Join(parts, "\n\n")
}

// readCause is a note as it was typed. The fields of its actions come in lines.
func readCause(f url.Values) ticket.RCA {
	r := ticket.RCA{Cause: f.Get("cause"), Impact: f.Get("impact"), Timeline: f.Get("timeline"), Version: number(f.Get("version"))}
	at := func(name string, i int) string {
		if all := f[name]; i < len(all) {
			return all[i]
		}
		return ""
	}
	for i := range min(len(f["what"]), maxActions) {
		r.Actions = append(r.Actions, ticket.CorrectiveAction{
			What: at("what", i), Owner: at("owner", i), Due: strings.TrimSpace(at("due", i)), Done: at("done", i) == "1",
		})
	}
	return r
}

// causeAct keeps the note.
func (s *Server) causeAct(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	var v causeView
	if _, err := s.causeSubject(c, &v); err != nil {
		return err
	}
	names, err := s.opt.Support.Store.StaffNames(c.Request.Context())
	if err != nil {
		return err
	}
	r := readCause(c.Request.PostForm)
	r.Subject = c.Param("id")
	for i, a := range r.Actions {
		if names[a.Owner] == "" {
			r.Actions[i].Owner = ""
		}
	}
	err = s.opt.Support.Tickets.SaveRCA(c.Request.Context(), m.ID, r)
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, v.Back+"/cause")
		return nil
	case errs.Invalid:
		return s.showCause(c, m, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showCause(c, m, http.StatusConflict, asError(err))
	}
	return err
}

// owedView is what the team has still to write down.
type owedView struct {
	Chrome
	Desk   desk
	Notes  []owedNote
	Briefs []owedBrief
}

type owedNote struct {
	ticket.OwedNote
	Who   string
	DueBy time.Time
	Late  bool
}

// owedBrief is a ticket with escalations that lack their brief, the first of
// them for the rest.
type owedBrief struct {
	ticket.OwedBrief
	Who     string
	Missing int
	Now     ticket.SupportLevel // where the last one took it
}

// byTicket gathers escalations, which come oldest first, under their tickets.
func byTicket(all []ticket.OwedBrief, names map[string]string) []owedBrief {
	var list []owedBrief
	at := map[string]int{}
	for _, o := range all {
		i, ok := at[o.Ticket]
		if !ok {
			i = len(list)
			at[o.Ticket] = i
			list = append(list, owedBrief{OwedBrief: o, Who: names[o.Assignee]})
		}
		list[i].Missing++
		list[i].Now = o.To
	}
	return list
}

// owed lists the root-cause notes (D-18) and escalation briefs (D-24) that
// nobody has written yet, the oldest first.
func (s *Server) owed(c *gin.Context, m *ticket.Staff) error {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	v := owedView{Chrome: s.staffChrome(c, "staff.owed.title")}
	var err error
	if v.Desk, err = s.desk(c, m, "owed"); err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	notes, err := db.OwedNotes(ctx, maxOwed)
	if err != nil {
		return err
	}
	for _, o := range notes {
		due, late := s.causeDue(o.BrokenAt)
		v.Notes = append(v.Notes, owedNote{o, names[o.Assignee], due, late})
	}
	briefs, err := db.OwedBriefs(ctx, maxOwed)
	if err != nil {
		return err
	}
	v.Briefs = byTicket(briefs, names)
	return render(s, c, http.StatusOK, owedPage, v)
}
