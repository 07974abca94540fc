package web

import (
	"bytes"
	"encoding/csv"
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
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
