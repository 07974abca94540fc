package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// gapRoutes are the pages of questions without an answer.
func (s *Server) gapRoutes() {
	s.get("/staff/insights/gaps", s.staffMay(team.SeeFigures, s.gapList))
	s.get("/staff/insights/gaps.csv", s.staffMay(team.SeeFigures, s.gapCSV))
	s.get("/staff/insights/gaps.json", s.staffMay(team.SeeFigures, s.gapJSON))
	s.post("/staff/insights/gaps", 0, s.staffMay(team.SeeFigures, s.gapRefresh))
	s.get("/staff/insights/gaps/:key", s.staffMay(team.SeeFigures, s.gapShow))
	s.post("/staff/insights/gaps/:key", 0, s.staffMay(team.SeeFigures, s.gapDraft))
	s.get("/staff/insights/drafts.csv", s.staffMay(team.SeeFigures, s.draftsCSV))
	s.get("/staff/insights/drafts/:id", s.staffMay(team.SeeFigures, s.draftShow))
	s.get("/staff/insights/drafts/:id/csv", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.draftFile(c, m, csvRows) }))
	s.get("/staff/insights/drafts/:id/json", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.draftFile(c, m, jsonRows) }))
}

// GapFinder has the latest look at the questions without an answer.
type GapFinder interface {
	Latest() *gaps.Found
	Refresh()
	Forget() // what a person wrote whose data was erased
}

// GapStore is what a draft takes from the tickets, and where it is noted.
type GapStore interface {
	GapAnswers(ctx context.Context, tickets []string) (answers, names []string, err error)
	SaveGapDraft(context.Context, gaps.Drafted) error
}

var (
	gapsPage = definePage[gapsView]("staff_gaps")
	gapPage  = definePage[gapView]("staff_gap")
)

// gapRows is how many gaps the page lists; the files have all.
const gapRows = 100

type gapsView struct {
	Chrome
	Desk     desk
	Tabs     []insightTab
	Found    *gaps.Found // nil before the first look
	Rows     []gapRow
	Followed []followedRow
}

type gapRow struct {
	gaps.Gap
	Path string
}

// gapList lists the gaps, those that cost most tickets first.
func (s *Server) gapList(c *gin.Context, m *ticket.Staff) error {
	v := gapsView{Chrome: s.staffChrome(c, "gaps.title"), Tabs: s.insightTabs("gaps"), Found: s.opt.Support.Gaps.Latest()}
	v.Styles = append(v.Styles, "insights.css")
	var err error
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return err
	}
	if v.Found == nil {
		s.opt.Support.Gaps.Refresh()
		return render(s, c, http.StatusOK, gapsPage, v)
	}
	for _, g := range v.Found.Gaps[:min(len(v.Found.Gaps), gapRows)] {
		v.Rows = append(v.Rows, gapRow{g, "/staff/insights/gaps/" + g.Key()})
	}
	for _, f := range v.Found.Followed {
		v.Followed = append(v.Followed, s.followedRow(f))
	}
	return render(s, c, http.StatusOK, gapsPage, v)
}

// gapRefresh asks for a new look.
func (s *Server) gapRefresh(c *gin.Context, _ *ticket.Staff) error {
	s.opt.Support.Gaps.Refresh()
	s.redirect(c, http.StatusSeeOther, "/staff/insights/gaps")
	return nil
}

func (s *Server) gapCSV(c *gin.Context, m *ticket.Staff) error {
	rows := [][]string{{"gap", "title", "category", "expected_tickets_avoided", "source", "lang", "count", "last", "text"}}
	if found := s.opt.Support.Gaps.Latest(); found != nil {
		for _, g := range found.Gaps {
			if key := c.Query("gap"); key != "" && key != g.Key() {
				continue
			}
			for _, t := range ofSource(g.Texts, c.Query("source")) {
				rows = append(rows, []string{g.Key(), g.Title(), g.Category, strconv.FormatFloat(g.Expected, 'f', 2, 64), string(t.Source), t.Lang,
					strconv.Itoa(t.Count), t.At.UTC().Format(time.RFC3339), t.Text})
			}
		}
	}
	if err := s.audit(c, m, "gaps.export", "gaps.csv", nil); err != nil {
		return err
	}
	return s.writeCSV(c, "gaps.csv", rows)
}

// gapJSON is the list for programs; texts are in the CSV and on the pages.
func (s *Server) gapJSON(c *gin.Context, _ *ticket.Staff) error {
	type row struct {
		Gap      string   `json:"gap"`
		Title    string   `json:"title"`
		Category string   `json:"category"`
		Langs    []string `json:"langs"`
		Searches int      `json:"searches"`
		Comments int      `json:"comments"`
		Tickets  int      `json:"tickets"`
		Expected float64  `json:"expectedTicketsAvoided"`
	}
	list := []row{}
	if found := s.opt.Support.Gaps.Latest(); found != nil {
		for _, g := range found.Gaps {
			list = append(list, row{g.Key(), g.Title(), g.Category, g.Langs(), g.Searches, g.Comments, g.Tickets, g.Expected})
		}
	}
	s.writeOK(c, map[string]any{"gaps": list, "days": gaps.Days, "drafts": s.draftList()})
	return nil
}

type gapView struct {
	Chrome
	Desk     desk
	Gap      gaps.Gap
	Texts    []gapText
	More     int // texts that are not listed
	Langs    []string
	Lang     string
	Sections []string
	Section  string
	Draft    string // the file as it would be
	CSV      string // the texts as a file
}

// ofSource are the texts from one source; "" is all of them.
func ofSource(texts []gaps.Text, source string) []gaps.Text {
	if source == "" {
		return texts
	}
	return slices.DeleteFunc(slices.Clone(texts), func(t gaps.Text) bool { return string(t.Source) != source })
}

type gapText struct {
	gaps.Text
	Path string // of the ticket, or of the search
}

// gapTexts is how many texts of a gap its page lists.
const gapTexts = 50

// gapOf finds the gap of the address in the latest look.
func (s *Server) gapOf(c *gin.Context) (gaps.Gap, error) {
	if found := s.opt.Support.Gaps.Latest(); found != nil {
		for _, g := range found.Gaps {
			if g.Key() == c.Param("key") {
				return g, nil
			}
		}
	}
	return gaps.Gap{}, errs.Newf(errs.NotFound, "gaps.gone", "no gap %q in the latest look", c.Param("key"))
}

func (s *Server) gapShow(c *gin.Context, m *ticket.Staff) error {
	g, err := s.gapOf(c)
	if err != nil {
		return err
	}
	d, err := s.gapDraftOf(c, g, c.Query("lang"), c.Query("section"))
	if err != nil {
		return err
	}
	v := gapView{
		Chrome: s.staffChrome(c, "gaps.one", "Title", g.Title()), Gap: g, Langs: s.current().library.Langs(), Lang: d.Lang,
		Sections: s.sections(d.Lang), Section: d.Section, Draft: d.Markdown(), CSV: "/staff/insights/gaps.csv?" + url.Values{"gap": {g.Key()}, "source": {c.Query("source")}}.Encode(),
	}
	texts := ofSource(g.Texts, c.Query("source"))
	v.More = max(0, len(texts)-gapTexts)
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return err
	}
	v.Texts = s.gapTexts(texts[:min(len(texts), gapTexts)])
	return render(s, c, http.StatusOK, gapPage, v)
}

// gapTexts are texts with what each leads to.
func (s *Server) gapTexts(texts []gaps.Text) []gapText {
	rows := make([]gapText, len(texts))
	for i, t := range texts {
		rows[i].Text = t
		switch t.Source {
		case gaps.Ticket:
			rows[i].Path = "/staff/tickets/" + t.ID
		case gaps.Search:
			rows[i].Path = "/" + t.Lang + "/search?q=" + url.QueryEscape(t.Text)
		case gaps.Comment:
			if a := s.current().library.ByPair(t.Lang, t.Article); a != nil {
				rows[i].Path = a.URL()
			}
		}
	}
	return rows
}

// sections are the folders of a language's articles.
func (s *Server) sections(lang string) []string {
	var all []string
	for _, a := range s.current().library.Articles(lang) {
		all = append(all, a.Section)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// gapDraftOf makes the draft of a gap for a language and section of the site;
// what is not given, or not of the site, is the gap's own.
func (s *Server) gapDraftOf(c *gin.Context, g gaps.Gap, lang, section string) (gaps.Draft, error) {
	if s.locales.Get(lang) == nil {
		lang = cmp.Or(append(g.Langs(), s.locales.Default.Lang)...)
	}
	if all := s.sections(lang); !slices.Contains(all, section) {
		section = "faq"
		if len(all) > 0 && !slices.Contains(all, section) {
			section = all[0]
		}
	}
	var tickets []string
	for _, t := range g.Texts {
		if t.Source == gaps.Ticket && len(tickets) < gapTexts {
			tickets = append(tickets, t.ID)
		}
	}
	answers, names, err := s.opt.Support.Store.GapAnswers(c.Request.Context(), tickets)
	if err != nil {
		return gaps.Draft{}, err
	}
	d := gaps.NewDraft(g, lang, section, s.opt.Clock.Now().In(s.opt.Zone), answers, names)
	loc := s.locales.Get(lang)
	if loc == nil {
		loc = s.locales.Default
	}
	d.Words = gaps.DraftWords{
		Description: loc.T("gaps.draft.description"), Lead: loc.T("gaps.draft.lead"), Answer: loc.T("gaps.draft.answers"),
		Steps: loc.T("gaps.draft.steps"), Fails: loc.T("gaps.draft.fails"),
	}
	return d, nil
}

// gapDraft sends the draft as a file or as a patch, and notes it so that the
// question is followed from its publication on.
func (s *Server) gapDraft(c *gin.Context, m *ticket.Staff) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	g, err := s.gapOf(c)
	if err != nil {
		return err
	}
	d, err := s.gapDraftOf(c, g, f.Get("lang"), f.Get("section"))
	if err != nil {
		return err
	}
	note := gaps.Drafted{ID: deflect.NewID(), StaffID: m.ID, Lang: d.Lang, Article: d.Section + "/" + d.Slug, Title: d.Title}
	for _, q := range d.Questions {
		note.Questions = append(note.Questions, gaps.Text{Lang: d.Lang, Text: q})
	}
	var name, text, kind string
	switch f.Get("as") {
	case "markdown":
		name, text, kind = d.Slug+".md", d.Markdown(), "text/markdown; charset=utf-8"
	case "patch":
		name, text, kind = d.Slug+".patch", d.Patch("content", fmt.Sprintf("Ricochet <ricochet@%s>", s.base.Hostname())), "text/x-patch; charset=utf-8"
	default:
		return errs.InvalidFields(errs.Field{Name: "as", Key: "error.field.choice"})
	}
	if err := s.opt.Support.Store.SaveGapDraft(c.Request.Context(), note); err != nil {
		return err
	}
	if err := s.audit(c, m, "gaps.draft", note.Article, nil); err != nil {
		return err
	}
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	s.writeBody(c, http.StatusOK, []byte(text))
	return nil
}
