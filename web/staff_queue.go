package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/search"
)

var queuePage = definePage[queueView]("staff_queue")

// queuePerPage is how many tickets the list shows at once.
const queuePerPage = 50

type queueView struct {
	Chrome
	Desk    desk
	Heading string
	Views   []viewLink
	Mine    *ticket.View // the saved view that is shown, when it is the reader's own
	Filter  filterForm
	Chips   []chip
	List    queueList
	First   string // address of the first page, "" when this is it
	Next    string
	Query   string // the filter as the query of an address
	Errors  map[string]string
}

// queueList is the list of tickets with what the script needs to count down.
type queueList struct {
	Rows []queueRow
	Now  int64 // milliseconds
	Bulk bulkChoices
}

type queueRow struct {
	ticket.QueueRow
	Due      deskDue
	HasDue   bool
	Assignee string
	Who      string // the customer: name, else address
	Topic    string // the category in words
	Found    *excerptView
}

// viewLink is an entry of the list of views.
type viewLink struct {
	Name  string
	Path  string
	Count string
	Here  bool
}

// chip is one condition of the filter in words, with the way to drop it.
type chip struct {
	Text string
	Drop string
}

// choice is an option of a select.
type choice struct {
	Value    string
	Text     string
	Selected bool
}

// filterForm is the form that makes a filter.
type filterForm struct {
	State, Assignee, Tier, Priority, Category, Queue, Lang []choice

	Tag string
}

// builtInViews come before the saved ones; a key is a text key below
// staff.view.
var builtInViews = []struct {
	key    string
	filter ticket.Filter
}{
	{"active", ticket.Filter{}},
	{"mine", ticket.Filter{Assignee: ticket.AssigneeMe}},
	{"nobody", ticket.Filter{Assignee: ticket.AssigneeNone}},
	{"urgent", ticket.Filter{Priorities: []ticket.Priority{ticket.P0, ticket.P1}}},
	{"waiting", ticket.Filter{States: []ticket.State{ticket.WaitingCustomer}}},
	{"done", ticket.Filter{States: []ticket.State{ticket.Resolved, ticket.Closed}}},
}

// queue lists the tickets of a view, those whose promise breaks next first.
func (s *Server) queue(c *gin.Context, m *ticket.Staff) error {
	return s.showQueue(c, m, http.StatusOK, c.Request.URL.Query(), nil)
}

func (s *Server) showQueue(c *gin.Context, m *ticket.Staff, status int, query url.Values, errors map[string]string) error {
	ctx, db, loc := c.Request.Context(), s.opt.Support.Store, s.locale(c)
	f := ticket.ParseFilter(query)
	v := queueView{Chrome: s.staffChrome(c, "staff.queue.title"), Query: f.Encode(), Errors: errors}
	v.Scripts = []string{"desk.js"}
	names, err := db.StaffNames(ctx)
	if err != nil {
		return err
	}
	if err := s.queueViews(c, m, f, &v); err != nil {
		return err
	}
	if v.Desk, err = s.desk(c, m, "queue"); err != nil {
		return err
	}
	after := readCursor(query.Get("after"))
	rows, err := db.Queue(ctx, f.For(m.ID), after, queuePerPage+1)
	if err != nil {
		return err
	}
	if len(rows) > queuePerPage {
		rows = rows[:queuePerPage]
		v.Next = queuePath(f, writeCursor(f, rows[queuePerPage-1].Ticket))
	}
	if after.ID != "" {
		v.First = queuePath(f, "")
	}
	v.List = s.queueList(loc, rows, names)
	v.Filter, v.Chips = filterChoices(loc, f, names), filterChips(loc, f, names)
	return render(s, c, status, queuePage, v)
}

func (s *Server) queueList(loc *Locale, rows []ticket.QueueRow, names map[string]string) queueList {
	now := s.opt.Clock.Now()
	list := queueList{Now: now.UnixMilli(), Bulk: bulkOptions(loc, names)}
	for _, r := range rows {
		q := queueRow{QueueRow: r, Assignee: names[r.Assignee], Who: r.Name, Topic: categoryName(loc, r.Category)}
		if q.Who == "" {
			q.Who = r.Email
		}
		q.Due, q.HasDue = s.nextDue(loc, r.Ticket, now)
		list.Rows = append(list.Rows, q)
	}
	return list
}

// queueViews fills the list of views with their counts and names the one shown.
func (s *Server) queueViews(c *gin.Context, m *ticket.Staff, f ticket.Filter, v *queueView) error {
	loc := s.locale(c)
	saved, err := s.opt.Support.Store.ViewsOf(c.Request.Context(), m.ID)
	if err != nil {
		return err
	}
	var filters []ticket.Filter
	add := func(name string, filter ticket.Filter) bool {
		here := filter.Encode() == f.Encode()
		v.Views = append(v.Views, viewLink{Name: name, Path: queuePath(filter, ""), Here: here})
		filters = append(filters, filter.For(m.ID))
		if here && v.Heading == "" {
			v.Heading = name
		}
		return here
	}
	for _, b := range builtInViews {
		add(loc.T("staff.view."+b.key), b.filter)
	}
	for _, view := range saved {
		if add(view.Name, view.Filter) && view.StaffID == m.ID {
			v.Mine = &view
		}
	}
	if v.Heading == "" {
		v.Heading = loc.T("staff.view.filtered")
	}
	v.Title = v.Heading
	counted := slices.DeleteFunc(slices.Clone(filters), func(f ticket.Filter) bool { return !f.ActiveOnly() })
	counts, err := s.countViews(c.Request.Context(), counted)
	if err != nil {
		return err
	}
	for i, filter := range filters {
		if filter.ActiveOnly() {
			v.Views[i].Count, counts = counts[0].text(), counts[1:]
		}
	}
	return nil
}

func queuePath(f ticket.Filter, after string) string {
	values := f.Values()
	if after != "" {
		values.Set("after", after)
	}
	if len(values) == 0 {
		return "/staff"
	}
	return "/staff?" + values.Encode()
}

// writeCursor is the place after a ticket, as an address carries it.
func writeCursor(f ticket.Filter, t ticket.Ticket) string {
	at, _ := t.NextDue()
	if !f.ActiveOnly() {
		at = t.UpdatedAt
	}
	if at.IsZero() {
		return "0." + t.ID
	}
	return strconv.FormatInt(at.UnixMilli(), 10) + "." + t.ID
}

// readCursor reads what writeCursor wrote; anything else is the beginning.
func readCursor(text string) ticket.Cursor {
	due, id, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(due, 10, 64)
	if !ok || err != nil || id == "" || len(id) > 100 {
		return ticket.Cursor{}
	}
	if n == 0 {
		return ticket.Cursor{ID: id}
	}
	return ticket.Cursor{Due: time.UnixMilli(n).UTC(), ID: id}
}

// excerptView is the passage of a ticket that a search found.
type excerptView struct{ Parts []search.Span }
