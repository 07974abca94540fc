package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

var deflectionPage = definePage[deflectionView]("staff_deflection")

type deflectionView struct {
	Chrome
	Desk     desk
	From, To time.Time // To is the last day shown
	Rows     []deflectionRow
	Total    deflectionRow
	Helpful  []helpfulRow
	Top      []askedRow
	Empty    []askedRow
}

// askedRow is a search and where its rows are.
type askedRow struct {
	report.SearchCount
	Path string
}

// deflectionRow is a row of the report and where its attempts are listed.
type deflectionRow struct {
	report.Deflection
	Path string
}

type helpfulRow struct {
	report.HelpfulCounts
	Title           string
	Path            string // of the article
	YesPath, NoPath string // of the votes
}

// deflection shows what came of the attempts to contact the team (D-32,
// D-33), from the rows themselves.
func (s *Server) deflection(c *gin.Context, m *ticket.Staff) error {
	v, err := s.deflectionFigures(c)
	if err != nil {
		return err
	}
	v.Chrome = s.staffChrome(c, "staff.deflection.title")
	if v.Desk, err = s.desk(c, m, "deflection"); err != nil {
		return err
	}
	return render(s, c, http.StatusOK, deflectionPage, v)
}

// deflectionFigures is what the page shows of the period that is asked for.
func (s *Server) deflectionFigures(c *gin.Context) (deflectionView, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	from, to := s.period(c)
	v := deflectionView{From: from, To: to.AddDate(0, 0, -1)}
	counts, err := db.DeflectionCounts(ctx, from, to)
	if err != nil {
		return v, err
	}
	rows, total := report.Deflections(counts)
	for _, d := range rows {
		category := d.Category
		if category == "" {
			category = deflect.None
		}
		v.Rows = append(v.Rows, deflectionRow{d, rowsPath(from, v.To, category)})
	}
	v.Total = deflectionRow{total, rowsPath(from, v.To, "")}
	helpful, err := db.Helpful(ctx, from, to)
	if err != nil {
		return v, err
	}
	p := report.Period{From: report.DayOf(from, s.opt.Zone), To: report.DayOf(v.To, s.opt.Zone), Zone: s.opt.Zone}
	for _, h := range helpful {
		votes := behind{report.RowsVotes, report.ArticleKey{Lang: h.Lang, Article: h.Article}.RevisionCell(h.Revision), p}
		row := helpfulRow{HelpfulCounts: h, Title: h.Article, YesPath: votes.path("yes", ""), NoPath: votes.path("no", "")}
		if a := s.current().library.ByPair(h.Lang, h.Article); a != nil {
			row.Title, row.Path = a.Title, a.URL()
		}
		v.Helpful = append(v.Helpful, row)
	}
	for _, list := range []struct {
		empty bool
		field string
		rows  *[]askedRow
	}{{false, "searches", &v.Top}, {true, "no_result", &v.Empty}} {
		top, err := db.TopSearches(ctx, from, to, list.empty, report.TopQueries)
		if err != nil {
			return v, err
		}
		for _, q := range top {
			of := behind{report.RowsQueries, report.QueryKey{Lang: q.Lang, Query: q.Query}.Cell(), p}
			*list.rows = append(*list.rows, askedRow{q, of.path(list.field, "")})
		}
	}
	return v, nil
}

// period is ?from= to ?to= (days, both included) in the site's time zone; by
// default the last 30 days. Days that cannot be read count as not given.
func (s *Server) period(c *gin.Context) (from, to time.Time) {
	zone := s.opt.Zone
	now := s.opt.Clock.Now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	from, to = today.AddDate(0, 0, -29), today.AddDate(0, 0, 1)
	if d, err := time.ParseInLocation(time.DateOnly, c.Query("to"), zone); err == nil {
		to = d.AddDate(0, 0, 1)
		from = to.AddDate(0, 0, -30)
	}
	if d, err := time.ParseInLocation(time.DateOnly, c.Query("from"), zone); err == nil && d.Before(to) {
		from = d
	}
	return from, to
}

// deflectionCSV is the deflection page's first table.
func (s *Server) deflectionCSV(c *gin.Context, _ *ticket.Staff) error {
	from, to := s.period(c)
	counts, err := s.opt.Support.Store.DeflectionCounts(c.Request.Context(), from, to)
	if err != nil {
		return err
	}
	rows := [][]string{{"from", "to", "category", "attempts", "eligible", "shown", "confirmed", "assumed", "abandoned", "tickets", "pending", "revoked", "repeats", "target"}}
	byCategory, _ := report.Deflections(counts)
	for _, d := range byCategory {
		row := []string{from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly), d.Category}
		for _, n := range []int{d.Attempts, d.Eligible, d.Shown, d.Confirmed, d.Assumed, d.Abandoned, d.Tickets, d.Pending, d.Revoked, d.Repeats} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, append(row, strconv.FormatFloat(d.Target, 'g', -1, 64)))
	}
	return s.writeCSV(c, "deflection.csv", rows)
}

// deflectionJSON is everything on the page, for programs.
func (s *Server) deflectionJSON(c *gin.Context, _ *ticket.Staff) error {
	v, err := s.deflectionFigures(c)
	if err != nil {
		return err
	}
	type outcomes struct {
		Category  string      `json:"category"` // "" is not chosen, and all of them in the total
		Attempts  int         `json:"attempts"`
		Eligible  int         `json:"eligible"`
		Shown     int         `json:"shown"`
		Confirmed report.Rate `json:"confirmed"` // of eligible, as assumed
		Assumed   report.Rate `json:"assumed"`
		Abandoned int         `json:"abandoned"`
		Tickets   int         `json:"tickets"`
		Pending   int         `json:"pending"`
		Revoked   int         `json:"revoked"`
		Repeats   int         `json:"repeats"`
		Target    float64     `json:"target"` // 0 is none
	}
	of := func(d report.Deflection) outcomes {
		return outcomes{
			d.Category, d.Attempts, d.Eligible, d.Shown, report.RateOf(d.Confirmed, d.Eligible), report.RateOf(d.Assumed, d.Eligible),
			d.Abandoned, d.Tickets, d.Pending, d.Revoked, d.Repeats, d.Target,
		}
	}
	type article struct {
		report.ArticleKey
		Title    string      `json:"title"`
		Revision int         `json:"revision"`
		Helpful  report.Rate `json:"helpful"`
		Last     time.Time   `json:"last"` // vote
	}
	type asked struct {
		Lang  string `json:"lang"`
		Query string `json:"query"`
		N     int    `json:"n"`
	}
	categories, articles, top, empty := []outcomes{}, []article{}, []asked{}, []asked{}
	for _, d := range v.Rows {
		categories = append(categories, of(d.Deflection))
	}
	for _, h := range v.Helpful {
		articles = append(articles, article{report.ArticleKey{Lang: h.Lang, Article: h.Article}, h.Title, h.Revision, report.RateOf(h.Yes, h.Yes+h.No), h.LastAt.UTC()})
	}
	for _, q := range v.Top {
		top = append(top, asked{q.Lang, q.Query, q.N})
	}
	for _, q := range v.Empty {
		empty = append(empty, asked{q.Lang, q.Query, q.N})
	}
	s.writeOK(c, map[string]any{
		"from": v.From.Format(time.DateOnly), "to": v.To.Format(time.DateOnly), "categories": categories, "total": of(v.Total.Deflection),
		"articles": articles, "searches": top, "withoutResult": empty,
	})
	return nil
}
