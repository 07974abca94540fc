package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/search"
)

// composeRoutes are the reply of the ticket page and what its script asks for.
func (s *Server) composeRoutes() {
	s.macroRoutes()
	s.qualityRoutes()
	s.get("/staff/tickets/:id/reply", s.staffMay(team.WorkTickets, s.backToTicket))
	s.post("/staff/tickets/:id/reply", 0, s.staffMay(team.WorkTickets, s.compose))
	s.get("/staff/tickets/:id/macros", s.staffMay(team.WorkTickets, s.composeMacros))
	s.get("/staff/tickets/:id/articles", s.staffMay(team.WorkTickets, s.composeArticles))
	s.get("/staff/tickets/:id/escalation", s.staffMay(team.WorkTickets, s.backToTicket))
	s.post("/staff/tickets/:id/escalation", 0, s.staffMay(team.WorkTickets, s.escalate))
}

const (
	composeFound = 6   // articles a search in the composer shows
	maxMacrosIn  = 10  // macros one reply counts as used
	maxFind      = 200 // characters of such a search
)

// composeView is the reply form of a ticket. It keeps what was typed while
// macros and articles are put in without JavaScript.
type composeView struct {
	ID      string
	Version int64  // the ticket as the person saw it
	Seen    int64  // the last event the person saw
	Lang    string // of the customer
	Reply   string
	Then    ticket.State
	States  []ticket.State // what Then may be
	Macros  []composeMacro
	Used    []string // ids of the macros in the reply
	Find    string   // search for an article
	Asked   bool     // a search was made
	Found   []composeArticle
	Errors  map[string]string
}

// composeMacro is a macro with this ticket's data filled in.
type composeMacro struct {
	ID    string       `json:"id"`
	Name  string       `json:"name"`
	Lang  string       `json:"lang"`
	Body  string       `json:"body"`
	State ticket.State `json:"state"`
	Tags  []string     `json:"tags"`
}

// composeArticle is an article that can be put into a reply.
type composeArticle struct {
	ID      string        `json:"id"` // language, pair and anchor: "fr/guides/ssl#chemin"
	Title   string        `json:"title"`
	Section string        `json:"section"`
	Lang    string        `json:"lang"`
	Passage string        `json:"passage"`
	Insert  string        `json:"insert"` // what is put into the reply
	Marked  []search.Span `json:"-"`
}

func (s *Server) backToTicket(c *gin.Context, _ *ticket.Staff) error {
	s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+url.PathEscape(c.Param("id")))
	return nil
}

// composeViewOf is the reply form as it was posted to the composer, or a fresh
// one.
func (s *Server) composeViewOf(c *gin.Context, t ticket.Ticket, who ticket.CustomerView, m *ticket.Staff) (composeView, error) {
	v := composeView{ID: t.ID, Version: t.Version, Lang: t.Lang, States: []ticket.State{ticket.InProgress, ticket.WaitingCustomer, ticket.Resolved}, Errors: map[string]string{}}
	var err error
	if v.Macros, err = s.macrosFor(c, t, who, m); err != nil {
		return v, err
	}
	f := c.Request.PostForm // nil unless a form was posted
	v.Reply, v.Find = f.Get("reply"), clip(f.Get("find"), maxFind)
	if then := ticket.State(f.Get("then")); slices.Contains(v.States, then) {
		v.Then = then
	}
	for _, id := range f["used"] {
		if len(v.Used) < maxMacrosIn && slices.ContainsFunc(v.Macros, func(x composeMacro) bool { return x.ID == id }) {
			v.Used = append(v.Used, id)
		}
	}
	if v.Find != "" && f.Get("action") != "send" {
		v.Asked = true
		v.Found, err = s.findArticles(c, t.Lang, v.Find)
	}
	return v, err
}

// macrosHere are the macros for the ticket that the address names.
func (s *Server) macrosHere(c *gin.Context, m *ticket.Staff) ([]composeMacro, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	t, err := db.TicketByID(ctx, c.Param("id"))
	if err != nil {
		return nil, err
	}
	who, err := db.CustomerOfPerson(ctx, t.PersonID)
	if err != nil {
		return nil, err
	}
	return s.macrosFor(c, t, who, m)
}

// macrosFor are the macros with a ticket's data, in the customer's language,
// the most used first.
func (s *Server) macrosFor(c *gin.Context, t ticket.Ticket, who ticket.CustomerView, m *ticket.Staff) ([]composeMacro, error) {
	all, err := s.opt.Support.Store.Macros(c.Request.Context())
	if err != nil {
		return nil, err
	}
	list := []composeMacro{}
	values := map[string]map[string]string{}
	for _, x := range all {
		if x.Archived {
			continue
		}
		text, lang := x.In(t.Lang)
		if values[lang] == nil {
			values[lang] = s.macroValues(t, who, m, lang)
		}
		body, err := team.Render(text.Body, values[lang])
		if err != nil {
			return nil, err
		}
		list = append(list, composeMacro{ID: x.ID, Name: text.Name, Lang: lang, Body: body, State: x.State, Tags: x.Tags})
	}
	return list, nil
}

// macroValues are what a macro's variables stand for on a ticket. due is the
// next thing that was promised; a ticket without a promise ahead has none.
func (s *Server) macroValues(t ticket.Ticket, who ticket.CustomerView, m *ticket.Staff, lang string) map[string]string {
	loc := s.locales.Get(lang)
	if loc == nil {
		loc = s.locales.Default
	}
	v := map[string]string{
		"customer_name": who.Name, "company": who.Company, "ticket_number": t.Number, "subject": t.Subject,
		"priority": string(t.Priority), "tier": loc.T("tier." + string(t.Tier)), "agent_name": m.Name,
	}
	now := s.opt.Clock.Now()
	for _, name := range []string{"resolution", "periodic_update"} { // the last that fits wins
		for _, g := range t.SLA {
			if g.Name == name && g.Due.After(now) {
				v["due"] = loc.DateTime(g.Due)
			}
		}
	}
	return v
}

// compose takes the reply form: it puts a macro or an article in and shows the
// page again, or sends the reply.
func (s *Server) compose(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	switch {
	case f.Get("article") != "":
		a, ok := s.articleRef(f.Get("article"))
		if !ok {
			return errs.InvalidFields(errs.Field{Name: "article", Key: "error.field.article"})
		}
		f.Set("reply", appendText(f.Get("reply"), a.Insert))
		f.Del("find")
	case f.Get("action") == "macro":
		if err := s.insertMacro(c, m); err != nil {
			return err
		}
	case f.Get("action") == "send":
		return s.sendReply(c, m)
	}
	return s.showTicket(c, m, http.StatusOK, nil)
}

// appendText puts a text behind another, a blank line between.
func appendText(before, text string) string {
	if before = strings.TrimRight(before, " \r\n"); before == "" {
		return text
	}
	return before + "\n\n" + text
}

// insertMacro puts the chosen macro into the posted form.
func (s *Server) insertMacro(c *gin.Context, m *ticket.Staff) error {
	f := c.Request.PostForm
	list, err := s.macrosHere(c, m)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.ID != f.Get("macro") {
			continue
		}
		f.Set("reply", appendText(f.Get("reply"), x.Body))
		f.Add("used", x.ID)
		if x.State != "" {
			f.Set("then", string(x.State))
		}
	}
	return nil
}

// sendReply sends the answer with what its macros ask for.
func (s *Server) sendReply(c *gin.Context, m *ticket.Staff) error {
	f, ctx, id := c.Request.PostForm, c.Request.Context(), c.Param("id")
	version := number(f.Get("version"))
	if version < 1 {
		return errs.InvalidFields(errs.Field{Name: "version", Key: "error.field.choice"})
	}
	a := ticket.Answer{Body: f.Get("reply"), To: ticket.State(f.Get("then"))}
	used := slices.Compact(slices.Sorted(slices.Values(f["used"])))
	for _, macroID := range used[:min(len(used), maxMacrosIn)] {
		x, err := s.opt.Support.Store.MacroByID(ctx, macroID)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		a.Tags = append(a.Tags, x.Tags...)
	}
	var err error
	if mark, line := team.Unfinished(a.Body); mark != "" {
		err = errs.InvalidFields(errs.Field{Name: "reply", Key: "error.field.unfinished", Args: map[string]any{"Mark": mark, "Line": line}})
	} else {
		err = s.opt.Support.Tickets.Answer(ctx, id, version, m.ID, a)
	}
	if err != nil {
		return s.ticketAgain(c, m, err)
	}
	for _, macroID := range used[:min(len(used), maxMacrosIn)] {
		if err := s.opt.Support.Store.CountMacroUse(ctx, macroID); err != nil {
			s.mishap(c, "count the use of a macro", err) // the reply has left
		}
	}
	s.redirect(c, http.StatusSeeOther, "/staff/tickets/"+id)
	return nil
}

// ticketAgain shows the ticket page with what was typed and what is wrong, if
// the person can do something about it.
func (s *Server) ticketAgain(c *gin.Context, m *ticket.Staff, err error) error {
	switch errs.KindOf(err) {
	case errs.Invalid:
		return s.showTicket(c, m, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showTicket(c, m, http.StatusConflict, asError(err))
	}
	return err
}

// findArticles searches in the customer's language first; the others follow
// when it has too few.
func (s *Server) findArticles(c *gin.Context, lang, query string) ([]composeArticle, error) {
	found := []composeArticle{}
	query = cleanQuery(query)
	if s.opt.Search == nil || query == "" {
		return found, nil
	}
	langs := []string{lang}
	for _, loc := range s.locales.All {
		if loc.Lang != lang {
			langs = append(langs, loc.Lang)
		}
	}
	seen := map[string]bool{}
	for _, l := range langs {
		res, err := s.opt.Search.Search(c.Request.Context(), search.Query{Lang: l, Text: query, Limit: composeFound})
		if err != nil {
			return nil, err
		}
		for _, h := range res.Hits {
			if len(found) == composeFound || seen[h.Article.Pair] {
				continue
			}
			seen[h.Article.Pair] = true
			id := l + "/" + h.Article.Pair
			if h.Anchor != "" {
				id += "#" + h.Anchor
			}
			if a, ok := s.articleRef(id); ok {
				a.Marked = h.Excerpt
				for _, sp := range h.Excerpt {
					a.Passage += sp.Text
				}
				found = append(found, a)
			}
		}
	}
	return found, nil
}

// articleRef reads an article's id of the composer; ok is false when there is
// no such article or passage.
func (s *Server) articleRef(id string) (a composeArticle, ok bool) {
	lang, rest, _ := strings.Cut(id, "/")
	pair, anchor, _ := strings.Cut(rest, "#")
	loc, library := s.locales.Get(lang), s.current().library
	if loc == nil {
		return a, false
	}
	art := library.ByPair(lang, pair)
	if art == nil {
		return a, false
	}
	address := s.absolute(art.URL())
	for _, p := range art.Passages {
		if anchor != "" && p.Anchor == anchor {
			address += "#" + anchor
			break
		}
	}
	return composeArticle{
		ID: id, Title: art.Title, Section: sectionName(library, loc, art.Section), Lang: art.Lang, Insert: art.Title + "\n" + address,
	}, true
}

// composeMacros is what the composer's script chooses from.
func (s *Server) composeMacros(c *gin.Context, m *ticket.Staff) error {
	list, err := s.macrosHere(c, m)
	if err != nil {
		return err
	}
	s.writeOK(c, map[string]any{"macros": list})
	return nil
}

// composeArticles answers the composer's search for an article.
func (s *Server) composeArticles(c *gin.Context, _ *ticket.Staff) error {
	lang := s.locale(c).Lang
	if loc := s.locales.Get(cmp.Or(c.Query("lang"), lang)); loc != nil {
		lang = loc.Lang
	}
	found, err := s.findArticles(c, lang, clip(c.Query("q"), maxFind))
	if err != nil {
		return err
	}
	s.writeOK(c, map[string]any{"articles": found})
	return nil
}
