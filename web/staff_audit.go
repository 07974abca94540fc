package web

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	loc := s.locale(c)
	for _, e := range entries {
		v.Rows = append(v.Rows, auditRow{AuditEntry: e, Who: names[e.Actor], What: cmp.Or(names[e.Object], e.Object), Detail: auditDetail(loc, e.Data, names)})
	}
	return render(s, c, http.StatusOK, auditPage, v)
}

// auditDetail writes the data of an entry on one line, in words where there
// are any; "from" and what it led to stand together with an arrow.
func auditDetail(loc *Locale, data, names map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		value := auditValue(loc, k, cmp.Or(names[data[k]], data[k], "–"))
		switch from, changed := data["from"]; {
		case changed && (k == "to" || k == "until"):
			parts = append(parts, auditValue(loc, "from", cmp.Or(from, "–"))+" → "+value)
		case k == "from" && (data["to"] != "" || data["until"] != ""): // told with the other end
		case loc.Has("audit_data." + k):
			parts = append(parts, loc.T("audit_data."+k)+loc.T("staff.alerts.colon")+" "+value)
		default:
			parts = append(parts, k+loc.T("staff.alerts.colon")+" "+value)
		}
	}
	return strings.Join(parts, "; ")
}

// auditValue is a value of an entry in words: a role, the state of a credit,
// yes or no, a sum, an instant or a day; what is none of these as it is.
func auditValue(loc *Locale, key, value string) string {
	for _, table := range []string{"role.", "credit.", "audit_data."} {
		if loc.Has(table + value) {
			return loc.T(table + value)
		}
	}
	if cents, err := strconv.ParseInt(value, 10, 64); err == nil && key == "cents" {
		return cmp.Or(euros(loc, cents), value)
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return loc.DateTime(at)
	}
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return loc.Date(day)
	}
	return value
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
