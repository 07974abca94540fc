package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var ticketPage = definePage[ticketView]("staff_ticket")

// TicketPageStore is what the ticket page reads beyond the ticket itself.
type TicketPageStore interface {
	IncidentStore
	LinksOf(ctx context.Context, ticketID string) ([]ticket.LinkView, error)
	TimeOf(ctx context.Context, ticketID string) ([]ticket.TimeEntry, error)
	TicketByNumber(ctx context.Context, number string) (ticket.Ticket, error)
}

// ticketView is a ticket as the desk sees it.
type ticketView struct {
	Chrome
	Desk     desk
	Me       string // staff id of who looks
	Ticket   ticket.Ticket
	Seen     int64 // the last event shown
	Now      int64 // milliseconds, for the countdowns
	Customer ticket.CustomerView
	Topic    string // the category in words
	Assignee string
	Watchers []string
	Watching bool
	Next     deskDue // the promise that breaks next
	HasNext  bool
	Clocks   []clockView
	Triage   triageView
	Thread   []messageView // messages and, between them, what changed
	Links    []ticket.LinkView
	Time     []timeView
	Minutes  int             // noted in all
	Incident ticket.Incident // the known issue it belongs to, none with ID ""
	Cause    causePanel
	Choices  ticketChoices
	Parts    ticketParts
	Typed    typed
	Summary  string // what went wrong, "" when nothing did
	Stale    bool   // somebody else was faster: what changed since is marked in the thread
}

// ticketChoices are the options of the ticket page's selects.
type ticketChoices struct {
	Moves, Priorities, Tiers, Categories, Assignees, LinkKinds []choice
	Kinds, Components, Incidents                               []choice
}

// timeView is an entry of the time log.
type timeView struct {
	Who     string
	Minutes int
	ticket.TimeEntry
}

// typed is what somebody had typed into one of the page's forms when it could
// not be accepted, with what is wrong with it. The other forms stay empty.
type typed struct {
	action string
	form   url.Values
	errors map[string]string
}

// In is the text of a field, when its form is the one that was sent.
func (t typed) In(action, field string) string {
	if t.action != action {
		return ""
	}
	return t.form.Get(field)
}

// Errors says what is wrong in the form of an action.
func (t typed) Errors(action string) map[string]string {
	if t.action != action {
		return nil
	}
	return t.errors
}

// Splittable says whether the customer wrote more than the message that opened
// the ticket, so that there is something to split off.
func (v ticketView) Splittable() bool {
	return len(v.Thread) > 1 && slices.ContainsFunc(v.Thread[1:], func(m messageView) bool { return !m.Staff && !m.Note })
}

func (s *Server) staffTicket(c *gin.Context, m *ticket.Staff) error {
	return s.showTicket(c, m, http.StatusOK, nil)
}

// showTicket renders the page; wrong says why the form that was sent was
// refused, nil when none was.
func (s *Server) showTicket(c *gin.Context, m *ticket.Staff, status int, wrong *errs.Error) error {
	ctx, db, loc, now := c.Request.Context(), s.opt.Support.Store, s.locale(c), s.opt.Clock.Now()
	t, err := db.TicketByID(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	events, err := db.EventsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	v := ticketView{
		Chrome: s.staffChrome(c, "staff.ticket.title", "Number", t.Number), Me: m.ID, Ticket: t, Now: now.UnixMilli(),
		Topic: categoryName(loc, cmp.Or(t.Category, "unknown")), Assignee: names[t.Assignee],
		Clocks: s.clockViews(loc, t, events, now), Choices: s.ticketChoices(loc, t, names),
	}
	v.Scripts = []string{"desk.js", "compose.js"}
	v.Next, v.HasNext = s.nextDue(loc, t, now)
	for _, id := range t.Watchers {
		v.Watchers = append(v.Watchers, cmp.Or(names[id], id))
		v.Watching = v.Watching || id == m.ID
	}
	if n := len(events); n > 0 {
		v.Seen = events[n-1].Seq
	}
	if v.Triage, err = s.triage(ctx, loc, t, events); err != nil {
		return err
	}
	if v.Desk, err = s.desk(c, m, "queue"); err != nil {
		return err
	}
	if v.Customer, err = db.CustomerOfPerson(ctx, t.PersonID); err != nil {
		return err
	}
	if err := s.ticketRecords(ctx, names, &v); err != nil {
		return err
	}
	seen := v.Seen
	if wrong != nil {
		seen = v.refused(loc, c.Request.PostForm, wrong, seen)
	}
	if v.Parts, err = s.partsOf(c, m, t, v.Customer, names, wrong); err != nil {
		return err
	}
	v.Parts.seen(v.Seen, c.Request.PostForm)
	th := thread{loc: loc, names: names, customer: cmp.Or(v.Customer.Name, v.Customer.Email), seen: seen, links: v.Links}
	if v.Thread, err = s.staffThread(ctx, t, events, th); err != nil {
		return err
	}
	return render(s, c, status, ticketPage, v)
}

// ticketRecords reads what stands beside the ticket.
func (s *Server) ticketRecords(ctx context.Context, names map[string]string, v *ticketView) error {
	db := s.opt.Support.Store
	var err error
	if v.Links, err = db.LinksOf(ctx, v.Ticket.ID); err != nil {
		return err
	}
	if err := s.incidentOf(ctx, v); err != nil {
		return err
	}
	if v.Cause, err = s.ticketCause(ctx, v.Ticket, names); err != nil {
		return err
	}
	entries, err := db.TimeOf(ctx, v.Ticket.ID)
	for _, e := range entries {
		v.Time = append(v.Time, timeView{names[e.Staff], e.Minutes, e})
		v.Minutes += e.Minutes
	}
	return err
}

// incidentOf is the known issue that the ticket belongs to, or those it could.
func (s *Server) incidentOf(ctx context.Context, v *ticketView) error {
	var err error
	if v.Ticket.Incident != "" {
		v.Incident, err = s.opt.Support.Store.IncidentByID(ctx, v.Ticket.Incident)
		return err
	}
	open, err := s.opt.Support.Store.Incidents(ctx, false, maxIncidents)
	for _, i := range open {
		v.Choices.Incidents = append(v.Choices.Incidents, choice{Value: i.ID, Text: i.Number + " " + i.Title})
	}
	return err
}

// ticketChoices are the options of the page's forms, the ticket's own chosen.
func (s *Server) ticketChoices(loc *Locale, t ticket.Ticket, names map[string]string) ticketChoices {
	nobody := choice{Value: ticket.AssigneeNone, Text: loc.T("staff.filter.nobody")}
	kinds, components := s.taxonomyChoices(loc, t)
	return ticketChoices{
		Kinds: kinds, Components: components,
		Moves:      textChoices(loc, "state.", ticket.NextStates(t.State)),
		Priorities: chosen(string(t.Priority), priorityChoices(loc)),
		Tiers:      chosen(string(t.Tier), textChoices(loc, "tier.", ticket.Tiers)),
		Categories: chosen(t.Category, textChoices(loc, "category.", contactCategories)),
		Assignees:  chosen(cmp.Or(t.Assignee, ticket.AssigneeNone), append([]choice{nobody}, assigneeChoices(loc, names, false)...)),
		LinkKinds:  textChoices(loc, "staff.link.", ticket.LinkKinds),
	}
}

// taxonomyChoices are the categories, each followed by its kinds, and the
// components of the product (D-23).
func (s *Server) taxonomyChoices(loc *Locale, t ticket.Ticket) (kinds, components []choice) {
	x := s.opt.Support.Taxonomy
	if x == nil {
		return nil, nil
	}
	for _, c := range x.Categories {
		kinds = append(kinds, choice{Value: c.ID, Text: c.Label(loc.Lang)})
		for _, k := range c.Kinds {
			kinds = append(kinds, choice{Value: c.ID + "/" + k.ID, Text: c.Label(loc.Lang) + " › " + k.Label(loc.Lang)})
		}
	}
	components = append(components, choice{Text: "–"})
	for _, c := range x.Components {
		components = append(components, choice{Value: c.ID, Text: c.Label(loc.Lang)})
	}
	value := t.Category
	if t.Subcategory != "" {
		value += "/" + t.Subcategory
	}
	return chosen(value, kinds), chosen(t.Component, components)
}

// refused keeps what was typed and says what is wrong. It gives the last event
// that the person had seen: what came after is marked.
func (v *ticketView) refused(loc *Locale, f url.Values, wrong *errs.Error, seen int64) int64 {
	v.Typed = typed{action: f.Get("action"), form: f, errors: map[string]string{}}
	v.Summary = failureText(loc, failures[wrong.Kind], wrong)
	for _, field := range wrong.Fields {
		v.Typed.errors[field.Name] = loc.Text(field.Key, field.Args)
	}
	if wrong.Kind == errs.Conflict {
		if n := number(f.Get("seen")); n > 0 && n < seen {
			v.Stale = true
			return n
		}
	}
	return seen
}

// staffFile downloads an attachment.
func (s *Server) staffFile(c *gin.Context, _ *ticket.Staff) error {
	return s.sendFile(c, c.Param("id"), c.Param("file"))
}
