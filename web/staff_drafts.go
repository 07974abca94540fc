package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// followedRow is a draft with what became of its question.
type followedRow struct {
	gaps.Followed
	Path          string // of the article, "" while the site has none
	Before, After followedPart
}

// followedPart is what was written on a question before its article, or after.
type followedPart struct {
	N                           int
	Searches, Comments, Tickets int // of N
	Path                        string
}

func (s *Server) followedRow(f gaps.Followed) followedRow {
	path := "/staff/insights/drafts/" + url.PathEscape(f.ID) + "?part="
	row := followedRow{Followed: f, Before: partOf(f.Before, path+"before"), After: partOf(f.After, path+"after")}
	if a := s.current().library.ByPair(f.Lang, f.Article); a != nil {
		row.Path = a.URL()
	}
	return row
}

func partOf(texts []gaps.Text, path string) followedPart {
	of := func(source gaps.Source) int { return gaps.Times(ofSource(texts, string(source))) }
	return followedPart{N: gaps.Times(texts), Searches: of(gaps.Search), Comments: of(gaps.Comment), Tickets: of(gaps.Ticket), Path: path}
}

var draftPage = definePage[draftView]("staff_gap_draft")

// draftView is what was written on the question of a draft, on one side of the
// day its article was published.
type draftView struct {
	Chrome
	Desk  desk
	Draft followedRow
	Part  followedPart
	After bool // published, else before
	Texts []gapText
	More  int    // texts that are not listed
	CSV   string // all of them
	JSON  string
}

// draftOf finds the draft and the side of the address in the latest look.
func (s *Server) draftOf(c *gin.Context) (f gaps.Followed, part string, texts []gaps.Text, err error) {
	part = c.Query("part")
	if found := s.opt.Support.Gaps.Latest(); found != nil {
		for _, f := range found.Followed {
			switch {
			case f.ID != c.Param("id"):
			case part == "before":
				return f, part, f.Before, nil
			case part == "after":
				return f, part, f.After, nil
			}
		}
	}
	return f, part, nil, errs.Newf(errs.NotFound, "gaps.gone", "no draft %q with a part %q in the latest look", c.Param("id"), part)
}

// draftShow lists what stands behind a number of a followed draft.
func (s *Server) draftShow(c *gin.Context, m *ticket.Staff) error {
	f, part, texts, err := s.draftOf(c)
	if err != nil {
		return err
	}
	v := draftView{Chrome: s.staffChrome(c, "gaps.part."+part), Draft: s.followedRow(f), After: part == "after"}
	path := "/staff/insights/drafts/" + url.PathEscape(f.ID)
	v.CSV, v.JSON = path+"/csv?part="+part, path+"/json?part="+part
	v.Styles = append(v.Styles, "insights.css")
	v.Part = v.Draft.Before
	if v.After {
		v.Part = v.Draft.After
	}
	v.Texts, v.More = s.gapTexts(texts[:min(len(texts), gapTexts)]), max(0, len(texts)-gapTexts)
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return err
	}
	return render(s, c, http.StatusOK, draftPage, v)
}

// draftFile is the same texts as a file, all of them.
func (s *Server) draftFile(c *gin.Context, m *ticket.Staff, file rowFile) error {
	f, part, texts, err := s.draftOf(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, m, "gaps.export", "drafts."+file.ext, nil); err != nil {
		return err
	}
	return s.sendRows(c, file, "draft-"+part, func(begin func([]string) error, give func([][]any) error) error {
		if err := begin([]string{"draft", "article", "published", "part", "source", "lang", "count", "last", "text"}); err != nil {
			return err
		}
		var rows [][]any
		for _, t := range texts {
			rows = append(rows, []any{
				f.ID, f.Lang + "/" + f.Article, f.Published.In(s.opt.Zone).Format(time.DateOnly), part, string(t.Source), t.Lang, max(t.Count, 1), t.At, t.Text,
			})
		}
		return give(rows)
	})
}

// draftFigures are a followed draft for programs.
type draftFigures struct {
	Draft     string      `json:"draft"`
	Drafted   string      `json:"drafted"` // RFC 3339
	Lang      string      `json:"lang"`
	Article   string      `json:"article"`
	Title     string      `json:"title"`
	Published string      `json:"published"` // a day, "" while it is not
	Days      int         `json:"days"`      // on each side of that day
	Before    draftCounts `json:"before"`
	After     draftCounts `json:"after"`
	Trend     gaps.Trend  `json:"trend"`
}

type draftCounts struct {
	Searches int `json:"searches"`
	Comments int `json:"comments"`
	Tickets  int `json:"tickets"`
}

func (s *Server) draftList() []draftFigures {
	list := []draftFigures{}
	found := s.opt.Support.Gaps.Latest()
	if found == nil {
		return list
	}
	for _, f := range found.Followed {
		row := s.followedRow(f)
		d := draftFigures{
			Draft: f.ID, Drafted: f.At.UTC().Format(time.RFC3339), Lang: f.Lang, Article: f.Article, Title: f.Title, Days: f.Days, Trend: f.Trend(),
			Before: draftCounts{row.Before.Searches, row.Before.Comments, row.Before.Tickets}, After: draftCounts{row.After.Searches, row.After.Comments, row.After.Tickets},
		}
		if !f.Published.IsZero() {
			d.Published = f.Published.In(s.opt.Zone).Format(time.DateOnly)
		}
		list = append(list, d)
	}
	return list
}

// draftsCSV is the table of followed drafts.
func (s *Server) draftsCSV(c *gin.Context, _ *ticket.Staff) error {
	rows := [][]string{{
		"draft", "drafted", "lang", "article", "title", "published", "days", "searches_before", "comments_before", "tickets_before",
		"searches_after", "comments_after", "tickets_after", "trend",
	}}
	for _, d := range s.draftList() {
		row := []string{d.Draft, d.Drafted, d.Lang, d.Article, d.Title, d.Published}
		for _, n := range []int{d.Days, d.Before.Searches, d.Before.Comments, d.Before.Tickets, d.After.Searches, d.After.Comments, d.After.Tickets} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, append(row, string(d.Trend)))
	}
	return s.writeCSV(c, "drafts.csv", rows)
}
