package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var bulkPage = definePage[bulkView]("staff_bulk")

// maxBulk bounds the tickets changed by one form.
const maxBulk = 200

// bulkChoices are what the form below the list offers.
type bulkChoices struct {
	Assignees, States, Priorities []choice
}

// bulkOptions leaves out Escalated, which takes a brief for each ticket (D-24),
// and begins with the ordinary priority: a button pressed too soon must not
// declare an outage.
func bulkOptions(loc *Locale, names map[string]string) bulkChoices {
	states := []ticket.State{ticket.Open, ticket.InProgress, ticket.WaitingCustomer, ticket.Resolved, ticket.Closed}
	priorities := priorityChoices(loc)
	for i, p := range priorities {
		priorities[i].Selected = p.Value == "P3"
	}
	nobody := choice{Value: ticket.AssigneeNone, Text: loc.T("staff.filter.nobody")}
	return bulkChoices{
		Assignees: append([]choice{nobody}, assigneeChoices(loc, names, false)...), States: textChoices(loc, "state.", states), Priorities: priorities,
	}
}

// bulkView says of every ticket what became of it.
type bulkView struct {
	Chrome
	Desk   desk
	Done   []bulkResult
	Failed []bulkResult
	Back   string
}

type bulkResult struct {
	ID      string
	Number  string
	Subject string
	Lang    string
	Why     string // what failed, in words
}

// picked is a ticket chosen in the list, at the version that was shown.
type picked struct {
	id      string
	version int64
}

// readPicked reads the values "id:version" of the checkboxes.
func readPicked(values []string) ([]picked, error) {
	if len(values) == 0 {
		return nil, errs.InvalidFields(errs.Field{Name: "t", Key: "error.field.bulk_none"})
	}
	if len(values) > maxBulk {
		return nil, errs.InvalidFields(errs.Field{Name: "t", Key: "error.field.bulk_many", Args: map[string]any{"Limit": maxBulk}})
	}
	seen := map[string]bool{}
	var all []picked
	for _, v := range values {
		id, text, _ := strings.Cut(v, ":")
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil || version < 1 || id == "" {
			return nil, errs.InvalidFields(errs.Field{Name: "t", Key: "error.field.choice"})
		}
		if !seen[id] {
			seen[id] = true
			all = append(all, picked{id, version})
		}
	}
	return all, nil
}

// bulk does one thing to several tickets, each in a transaction of its own: one
// that cannot be changed does not hold up the others, and the page names it.
func (s *Server) bulk(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	ctx, loc, f := c.Request.Context(), s.locale(c), c.Request.PostForm
	all, err := readPicked(f["t"])
	if err != nil {
		return err
	}
	act, err := s.bulkAction(m, f.Get("action"), f.Get)
	if err != nil {
		return err
	}
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i] = p.id
	}
	rows, err := s.opt.Support.Store.QueueRowsByID(ctx, ids)
	if err != nil {
		return err
	}
	known := map[string]ticket.QueueRow{}
	for _, r := range rows {
		known[r.ID] = r
	}
	v := bulkView{Chrome: s.staffChrome(c, "staff.bulk.title"), Back: localNext(f.Get("back"))}
	if v.Desk, err = s.desk(c, m, "queue"); err != nil {
		return err
	}
	for _, p := range all {
		r := known[p.id]
		result := bulkResult{ID: p.id, Number: r.Number, Subject: r.Subject, Lang: r.Lang}
		switch err := act(ctx, p, r.Ticket); errs.KindOf(err) {
		case "":
			v.Done = append(v.Done, result)
			continue
		case errs.Internal, errs.Unavailable:
			s.mishap(c, "bulk action", err, "ticket", p.id)
			result.Why = failureText(loc, failures[errs.KindOf(err)], asError(err))
		default:
			result.Why = bulkReason(loc, err)
		}
		v.Failed = append(v.Failed, result)
	}
	return render(s, c, http.StatusOK, bulkPage, v)
}

// bulkReason is why a ticket was not changed: what is wrong with a field says
// more than that a field is wrong.
func bulkReason(loc *Locale, err error) string {
	e := asError(err)
	if len(e.Fields) > 0 {
		return loc.Text(e.Fields[0].Key, e.Fields[0].Args)
	}
	if e.Key == "error.ticket.stale" { // no text was typed that could be kept
		return loc.T("staff.bulk.stale")
	}
	return failureText(loc, failures[e.Kind], e)
}

// bulkAction is what the pressed button does to one ticket; value reads the
// form's fields.
func (s *Server) bulkAction(m *ticket.Staff, action string, value func(string) string) (func(context.Context, picked, ticket.Ticket) error, error) {
	svc, reason, by := s.opt.Support.Tickets, value("reason"), ticket.Actor{Kind: ticket.ByStaff, ID: m.ID}
	switch action {
	case "assign":
		to := owner(value("assignee"), m.ID)
		return func(ctx context.Context, p picked, _ ticket.Ticket) error {
			return svc.Assign(ctx, p.id, p.version, by, to, reason)
		}, nil
	case "tag":
		more := splitTags(value("tags"))
		return func(ctx context.Context, p picked, t ticket.Ticket) error {
			return svc.SetTags(ctx, p.id, p.version, by, slices.Concat(t.Tags, more))
		}, nil
	case "untag":
		less, err := ticket.NormaliseTags(splitTags(value("tags")))
		return func(ctx context.Context, p picked, t ticket.Ticket) error {
			return svc.SetTags(ctx, p.id, p.version, by, slices.DeleteFunc(slices.Clone(t.Tags), func(tag string) bool { return slices.Contains(less, tag) }))
		}, err
	case "state":
		to := ticket.State(value("state"))
		return func(ctx context.Context, p picked, _ ticket.Ticket) error {
			return svc.SetState(ctx, p.id, p.version, m.ID, to, reason)
		}, nil
	case "priority":
		to := ticket.Priority(value("priority"))
		return func(ctx context.Context, p picked, _ ticket.Ticket) error {
			return svc.SetPriority(ctx, p.id, p.version, m.ID, to, reason)
		}, nil
	}
	return nil, errs.InvalidFields(errs.Field{Name: "action", Key: "error.field.choice"})
}
