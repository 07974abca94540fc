package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

const (
	auditPerPage = 100
	auditExport  = 100_000 // rows of one download
)

var auditPage = definePage[auditView]("staff_audit")

type auditView struct {
	Chrome
	Desk     desk
	From, To time.Time // To is the last day shown
	Actor    string
	Action   string
	Object   string
	Rows     []auditRow
	People   []ticket.Staff
	Actions  []string
	Next     string // address of the older entries, "" when there are none
	CSV      string
}

type auditRow struct {
	team.AuditEntry
	Who    string // a name, "" for the system
	What   string // the object: a name when it is a person of the team
	Detail string // the data, "a: b; c: d"
}

// auditFilter reads what the audit page is asked for; unknown actions count
// as not given.
func (s *Server) auditFilter(c *gin.Context) (team.AuditFilter, time.Time) {
	from, to := s.period(c)
	f := team.AuditFilter{From: from, To: to, Actor: clip(c.Query("actor"), 64), Object: clip(c.Query("object"), 64), Before: clip(c.Query("before"), 64)}
	if a := c.Query("action"); slices.Contains(team.Actions, a) {
		f.Action = a
	}
	return f, to.AddDate(0, 0, -1)
}

func auditQuery(f team.AuditFilter, last time.Time, before string) string {
	q := url.Values{"from": {f.From.Format(time.DateOnly)}, "to": {last.Format(time.DateOnly)}}
	for name, v := range map[string]string{"actor": f.Actor, "action": f.Action, "object": f.Object, "before": before} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q.Encode()
}

// auditLog shows who did what to what.
func (s *Server) auditLog(c *gin.Context, m *ticket.Staff) error {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	f, last := s.auditFilter(c)
	f.Limit = auditPerPage + 1
	v := auditView{
		Chrome: s.staffChrome(c, "staff.audit.title"), From: f.From, To: last, Actor: f.Actor, Action: f.Action, Object: f.Object,
		Actions: team.Actions, CSV: "/staff/audit.csv?" + auditQuery(f, last, ""),
	}
	var err error
	if v.Desk, err = s.desk(c, m, "audit"); err != nil {
		return err
	}
	if v.People, err = db.Staff(ctx); err != nil {
		return err
	}
	names := map[string]string{}
	for _, p := range v.People {
		names[p.ID] = p.Name
	}
	entries, err := db.AuditEntries(ctx, f)
	if err != nil {
		return err
	}
	if len(entries) > auditPerPage {
		entries = entries[:auditPerPage]
		v.Next = "/staff/audit?" + auditQuery(f, last, entries[auditPerPage-1].ID)
	}
	for _, e := range entries {
		v.Rows = append(v.Rows, auditRow{AuditEntry: e, Who: names[e.Actor], What: cmp.Or(names[e.Object], e.Object), Detail: auditDetail(e.Data, names)})
	}
	return render(s, c, http.StatusOK, auditPage, v)
}

// auditDetail writes the data of an entry on one line, ids of the team as
// names.
func auditDetail(data, names map[string]string) string {
	keys := make([]string, 0, len(data))
	for k := range data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	text := ""
	for i, k := range keys {
		if i > 0 {
			text += "; "
		}
		text += k + ": " + cmp.Or(names[data[k]], data[k], "–")
	}
	return text
}

// auditCSV is the audit log as it is stored: ids, no names. The download is
// itself an entry.
func (s *Server) auditCSV(c *gin.Context, m *ticket.Staff) error {
	f, _ := s.auditFilter(c)
	f.Limit, f.Before = auditExport, ""
	entries, err := s.opt.Support.Store.AuditEntries(c.Request.Context(), f)
	if err != nil {
		return err
	}
	rows := [][]string{{"at", "actor", "action", "object", "data"}}
	for _, e := range entries {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		rows = append(rows, []string{e.At.Format(time.RFC3339Nano), e.Actor, e.Action, e.Object, string(data)})
	}
	if err := s.audit(c, m, team.DataExported, "audit", nil); err != nil {
		return err
	}
	return s.writeCSV(c, "audit.csv", rows)
}
