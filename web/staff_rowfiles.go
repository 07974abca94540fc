package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// rowFile is a way of writing rows into a file, as they are read: a year of
// them has no room in memory.
type rowFile struct {
	ext, kind string
	begin     func(w io.Writer, columns []string) error
	rows      func(w io.Writer, first bool, rows [][]any) error
	end       string
}

// rowsFile sends all rows behind a figure as a file.
func (s *Server) rowsFile(c *gin.Context, m *ticket.Staff, f rowFile) error {
	q, err := s.rowQuery(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, m, team.DataExported, "rows."+string(q.Kind), map[string]string{"field": q.Field, "from": string(q.Period.From), "to": string(q.Period.To)}); err != nil {
		return err
	}
	return s.sendRows(c, f, string(q.Kind)+"-"+q.Field, func(begin func([]string) error, give func([][]any) error) error {
		return s.opt.Support.Reports.EachRow(c.Request.Context(), q, begin, give)
	})
}

// sendRows sends a file of the rows that each gives, as they come: first the
// columns, then any number of times some rows.
func (s *Server) sendRows(c *gin.Context, f rowFile, name string, each func(begin func([]string) error, give func([][]any) error) error) error {
	first := true
	err := each(func(columns []string) error {
		h := c.Writer.Header()
		s.secure(h, nil)
		h.Set("Content-Type", f.kind)
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, f.ext))
		h.Set("Cache-Control", "no-store")
		return f.begin(c.Writer, columns)
	}, func(rows [][]any) error {
		if len(rows) == 0 {
			return nil
		}
		err := f.rows(c.Writer, first, rows)
		first = false
		return err
	})
	if err == nil {
		_, err = io.WriteString(c.Writer, f.end)
	}
	if err != nil && c.Writer.Written() {
		// The head went out: the file ends early, and the log says why.
		s.log.Warn("rows as a file", "request_id", s.requestID(c), "err", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

var csvRows = rowFile{
	ext: "csv", kind: "text/csv; charset=utf-8",
	begin: func(w io.Writer, columns []string) error {
		if _, err := io.WriteString(w, "\uFEFF"); err != nil { // or a spreadsheet takes UTF-8 for something else
			return err
		}
		return writeTexts(w, [][]string{columns})
	},
	rows: func(w io.Writer, _ bool, rows [][]any) error {
		all := make([][]string, len(rows))
		for i, row := range rows {
			all[i] = make([]string, len(row))
			for j, value := range row {
				all[i][j] = report.Harmless(fileText(value))
			}
		}
		return writeTexts(w, all)
	},
}

func writeTexts(w io.Writer, rows [][]string) error { return csv.NewWriter(w).WriteAll(rows) }

// jsonRows is {"columns": [...], "rows": [[...], ...]}; instants are in UTC, and
// what leads to a thing of its own is its number or id, as in the CSV file.
var jsonRows = rowFile{
	ext: "json", kind: "application/json; charset=utf-8", end: "\n]}\n",
	begin: func(w io.Writer, columns []string) error {
		head, err := json.Marshal(columns)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "{\"columns\": %s, \"rows\": [", head)
		return err
	},
	rows: func(w io.Writer, first bool, rows [][]any) error {
		for _, row := range rows {
			values := make([]any, len(row))
			for j, value := range row {
				switch value.(type) {
				case time.Time, report.Ref:
					value = fileText(value)
				}
				values[j] = value
			}
			text, err := json.Marshal(values)
			if err != nil {
				return err
			}
			comma := ","
			if first {
				comma, first = "", false
			}
			if _, err := fmt.Fprintf(w, "%s\n%s", comma, text); err != nil {
				return err
			}
		}
		return nil
	},
}

// fileText writes a value for a file.
func fileText(value any) string {
	switch x := value.(type) {
	case time.Time:
		return stamp(x)
	case report.Ref:
		if x.Text != "" {
			return x.Text
		}
		return x.ID
	}
	return fmt.Sprint(value)
}
