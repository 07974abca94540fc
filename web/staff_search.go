package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/search/tickets"
)

// TicketSearcher finds tickets by their words. *tickets.Index is one.
type TicketSearcher interface {
	Search(ctx context.Context, q tickets.Query) (tickets.Hits, error)
	// Similar lists the ids of tickets that share telling words with a text.
	Similar(ctx context.Context, l tickets.Likeness) ([]string, error)
}

var ticketSearchPage = definePage[ticketSearchView]("staff_search")

type ticketSearchView struct {
	Chrome
	Desk     desk
	Text     string
	List     queueList
	Total    int
	Previous string
	Next     string
	Down     bool // the search did not answer
}

const (
	ticketsPerPage = 20
	ticketPages    = 20
)

// ticketOperators are the names that may stand before a colon, in both
// languages, and the parameter of the filter they set.
var ticketOperators = map[string]string{
	"state": "state", "état": "state", "etat": "state", "is": "state", "tier": "tier", "offre": "tier",
	"priority": "priority", "priorité": "priority", "priorite": "priority", "assignee": "assignee", "responsable": "assignee",
	"category": "category", "catégorie": "category", "categorie": "category", "queue": "queue", "file": "queue",
	"tag": "tag", "étiquette": "tag", "etiquette": "tag", "lang": "lang", "langue": "lang",
}

// parseTicketQuery reads what is typed into the desk's search field: words,
// "exact phrases", -words that must not be there, and operators such as
// tier:business or état:open. What looks like an operator and is none is a word.
func parseTicketQuery(text string) (tickets.Query, ticket.Filter) {
	var q tickets.Query
	values := url.Values{}
	for _, part := range splitQuery(text) {
		name, value, ok := strings.Cut(part.text, ":")
		param := ticketOperators[strings.ToLower(name)]
		switch {
		case part.quoted && part.text != "":
			q.Phrases = append(q.Phrases, part.text)
		case part.quoted || part.text == "":
		case ok && param == "priority":
			values.Add(param, strings.ToUpper(value))
		case ok && param != "":
			values.Add(param, strings.ToLower(value))
		case strings.HasPrefix(part.text, "-") && len(part.text) > 1:
			q.Not = append(q.Not, part.text[1:])
		default:
			q.Words = append(q.Words, part.text)
		}
	}
	if state := values.Get("state"); state == "" || state == "all" {
		values.Set("state", "*")
	} else if state == "active" {
		values.Del("state")
	}
	return q, ticket.ParseFilter(values)
}

type queryPart struct {
	text   string
	quoted bool
}

// splitQuery cuts at spaces, and keeps what stands between quotation marks
// together. A quotation that is not closed goes to the end.
func splitQuery(text string) []queryPart {
	var parts []queryPart
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		closing := ""
		switch {
		case strings.HasPrefix(text, `"`):
			text, closing = text[1:], `"`
		case strings.HasPrefix(text, "«"):
			text, closing = text[len("«"):], "»"
		case strings.HasPrefix(text, "“"):
			text, closing = text[len("“"):], "”"
		}
		if closing != "" {
			inside, rest, _ := strings.Cut(text, closing)
			parts = append(parts, queryPart{strings.TrimSpace(inside), true})
			text = rest
			continue
		}
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		parts = append(parts, queryPart{text[:end], false})
		text = text[end:]
	}
	return parts
}

// conditions are a filter as the index takes it.
func conditions(f ticket.Filter) map[string][]string {
	where := map[string][]string{}
	add := func(field string, values ...string) {
		for _, v := range values {
			if v != "" {
				where[field] = append(where[field], v)
			}
		}
	}
	states := f.States
	if f.ActiveOnly() && len(states) == 0 {
		for _, s := range ticket.States {
			if s.Active() {
				states = append(states, s)
			}
		}
	}
	add("state", plain(states)...)
	add("tier", plain(f.Tiers)...)
	add("priority", plain(f.Priorities)...)
	add("assignee", f.Assignee)
	add("category", f.Category)
	add("queue", f.Queue)
	add("tag", f.Tag)
	add("lang", f.Lang)
	return where
}

func plain[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// searchTickets finds tickets. A whole number leads straight to its ticket; a
// query of operators alone is a filter of the list.
func (s *Server) searchTickets(c *gin.Context, m *ticket.Staff) error {
	text := cleanQuery(c.Query("q"))
	v := ticketSearchView{Chrome: s.staffChrome(c, "staff.search.title"), Text: text}
	v.Scripts = []string{"desk.js"}
	var err error
	if v.Desk, err = s.desk(c, m, "search"); err != nil {
		return err
	}
	q, f := parseTicketQuery(text)
	f = f.For(m.ID)
	if len(q.Words) == 1 && len(q.Phrases)+len(q.Not) == 0 {
		t, err := s.opt.Support.Store.TicketByNumber(c.Request.Context(), strings.ToUpper(q.Words[0]))
		if err == nil {
			s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+t.ID)
			return nil
		}
		if !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	if len(q.Words)+len(q.Phrases)+len(q.Not) == 0 {
		if text != "" {
			s.redirect(c, http.StatusSeeOther, queuePath(f, ""))
			return nil
		}
		return render(s, c, http.StatusOK, ticketSearchPage, v)
	}
	page := min(pageNumber(c.Query("page")), ticketPages)
	q.Where, q.Limit, q.Offset = conditions(f), ticketsPerPage, (page-1)*ticketsPerPage
	if err := s.foundTickets(c, q, &v); err != nil {
		return err
	}
	link := func(n int) string {
		return "/staff/search?" + url.Values{"q": {text}, "page": {strconv.Itoa(n)}}.Encode()
	}
	if page > 1 {
		v.Previous = link(page - 1)
	}
	if page < ticketPages && page*ticketsPerPage < v.Total {
		v.Next = link(page + 1)
	}
	return render(s, c, http.StatusOK, ticketSearchPage, v)
}

// foundTickets runs the query and reads what it found from the database: the
// index holds no text.
func (s *Server) foundTickets(c *gin.Context, q tickets.Query, v *ticketSearchView) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), searchTimeout)
	defer cancel()
	if s.opt.Support.TicketSearch == nil {
		v.Down = true
		return nil
	}
	hits, err := s.opt.Support.TicketSearch.Search(ctx, q)
	if err != nil {
		s.mishap(c, "search tickets", err)
		v.Down = true
		return nil
	}
	texts, err := s.opt.Support.Store.TicketTexts(ctx, hits.IDs)
	if err != nil {
		return err
	}
	byID := map[string]ticket.Text{}
	for _, t := range texts {
		byID[t.ID] = t
	}
	names, err := s.opt.Support.Store.StaffNames(ctx)
	if err != nil {
		return err
	}
	var rows []ticket.QueueRow
	for _, id := range hits.IDs {
		if t, ok := byID[id]; ok {
			rows = append(rows, ticket.QueueRow{Ticket: t.Ticket, Name: t.Name, Email: t.Email})
		}
	}
	v.Total, v.List = hits.Total, s.queueList(s.locale(c), rows, names)
	for i := range v.List.Rows {
		r := &v.List.Rows[i]
		if spans := q.Excerpt(r.Lang, byID[r.ID].Bodies); spans != nil {
			r.Found = &excerptView{spans}
		}
	}
	return nil
}
