package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// rowRoutes are the rows behind the figures, as pages and as files.
func (s *Server) rowRoutes() {
	s.get("/staff/rows/:kind", s.staffMay(team.SeeFigures, s.rows))
	s.get("/staff/rows/:kind/csv", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.rowsFile(c, m, csvRows) }))
	s.get("/staff/rows/:kind/json", s.staffMay(team.SeeFigures, func(c *gin.Context, m *ticket.Staff) error { return s.rowsFile(c, m, jsonRows) }))
}

var rowsPage = definePage[rowsView]("staff_rows")

// rowsView are the rows behind one figure.
type rowsView struct {
	Chrome
	Desk   desk
	Period report.Period
	Cut    string // in words, "" for everything
	Total  int
	Of     cell // the rows that the figure is a share of, "" for none
	Head   []column
	Rows   [][]cell
	CSV    string
	JSON   string
	Before string // paths of the pages beside this one, "" for none
	After  string
}

const rowsPerPage = 100

// maxCut bounds the value of a cut: a search is no longer.
const maxCut = 400

// rowQuery reads which rows are wanted; kind not_found for what cannot be.
func (s *Server) rowQuery(c *gin.Context) (report.RowQuery, error) {
	q := report.RowQuery{Kind: report.RowKind(c.Param("kind")), Field: c.Query("field"), Cell: report.Cell{Dim: idDim(c.Query("dim")), Value: c.Query("value")}}
	if len(q.Value) > maxCut || strings.ContainsRune(q.Value, 0) || q.Value != strings.ToValidUTF8(q.Value, "") {
		return q, errs.Newf(errs.NotFound, "", "no rows are cut at a value of %d bytes", len(q.Value))
	}
	if !slices.Contains(report.RowFields(q.Kind), q.Field) {
		return q, errs.Newf(errs.NotFound, "", "no rows of kind %q with field %q", q.Kind, q.Field)
	}
	p, err := report.NewPeriod(c.Query("from"), c.Query("to"), s.opt.Zone)
	q.Period = p
	return q, err
}

// idDim is a dimension's name, "" for what cannot be one.
func idDim(text string) string {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz/") != "" {
		return ""
	}
	return text
}

// rows shows the rows behind a figure, newest first.
func (s *Server) rows(c *gin.Context, m *ticket.Staff) error {
	q, err := s.rowQuery(c)
	if err != nil {
		return err
	}
	page, err := strconv.Atoi(c.Query("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		page = 1
	}
	loc := s.locale(c)
	v := rowsView{Chrome: s.staffChrome(c, "rows.title"), Period: q.Period}
	v.Title, v.Cut = loc.rowTitle(q.Kind, q.Field), loc.cutName(q.Cell)
	v.Styles = append(v.Styles, "insights.css")
	if v.Desk, err = s.desk(c, m, "insights"); err != nil {
		return err
	}
	found, err := s.opt.Support.Reports.RowsBehind(c.Request.Context(), q, (page-1)*rowsPerPage, rowsPerPage)
	if err != nil {
		return err
	}
	w, err := s.rowWriter(c, found.Columns)
	if err != nil {
		return err
	}
	v.Total = found.Total
	v.Head, v.Rows = w.table(found.Rows)
	query := c.Request.URL.Query()
	query.Del("page")
	v.CSV, v.JSON = c.Request.URL.Path+"/csv?"+query.Encode(), c.Request.URL.Path+"/json?"+query.Encode()
	v.Before, v.After = pagePaths(c.Request.URL.Path, query, page, len(found.Rows) == rowsPerPage && page*rowsPerPage < found.Total)
	if of := c.Query("of"); slices.Contains(report.RowFields(q.Kind), of) {
		whole := q
		whole.Field = of
		all, err := s.opt.Support.Reports.RowsBehind(c.Request.Context(), whole, 0, 0)
		if err != nil {
			return err
		}
		v.Of = behind{q.Kind, q.Cell, q.Period}.link(cell{Text: loc.rowTitle(q.Kind, of)}, of, "", all.Total)
	}
	return render(s, c, http.StatusOK, rowsPage, v)
}

// pagePaths are the addresses of the pages beside page n.
func pagePaths(path string, query url.Values, n int, more bool) (before, after string) {
	at := func(n int) string {
		q := url.Values{"page": {strconv.Itoa(n)}}
		for k, vs := range query {
			q[k] = vs
		}
		return path + "?" + q.Encode()
	}
	if n > 1 {
		before = at(n - 1)
	}
	if more {
		after = at(n + 1)
	}
	return before, after
}
