package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// writeCSV sends a table as a download; every cell is made harmless.
func (s *Server) writeCSV(c *gin.Context, name string, rows [][]string) error {
	var buf bytes.Buffer
	buf.WriteString("\uFEFF") // or a spreadsheet takes UTF-8 for something else
	w := csv.NewWriter(&buf)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = report.Harmless(cell)
		}
		if err := w.Write(safe); err != nil {
			return fmt.Errorf("csv: %w", err)
		}
	}
	w.Flush()
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	s.writeBody(c, 200, buf.Bytes())
	return w.Error()
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
