package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

var (
	attemptsPage = definePage[attemptsView]("staff_attempts")
	attemptPage  = definePage[attemptView]("staff_attempt")
)

const (
	attemptsPerPage = 100
	// attemptsAtOnce is how many a download reads at a time.
	attemptsAtOnce = 5000
)

type attemptsView struct {
	Chrome
	Desk       desk
	Rows       []deflect.Attempt
	Filter     deflect.AttemptFilter
	From, To   string // as the form wants them
	Categories []string
	Outcomes   []deflect.Outcome
	CSV, JSON  string
	Next       string // path of the page after, "" on the last
}

// attemptFilter reads which rows are wanted; what cannot be read selects all.
func (s *Server) attemptFilter(c *gin.Context) deflect.AttemptFilter {
	word := func(name string) string { return idText(c.Query(name)) }
	f := deflect.AttemptFilter{
		Category: word("category"), Outcome: word("outcome"), Arm: word("arm"), Period: word("period"), Lang: word("lang"),
		Counted: c.Query("counted") == "1", Eligible: c.Query("eligible") == "1", Shown: c.Query("shown") == "1",
		Revoked: c.Query("revoked") == "1", Followed: c.Query("followed") == "1", Trial: c.Query("trial") == "1",
		State: deflect.AttemptState(c.Query("state")), Before: word("before"),
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.Query("from"), s.opt.Zone); err == nil {
		f.From = day
	}
	if day, err := time.ParseInLocation(time.DateOnly, c.Query("to"), s.opt.Zone); err == nil {
		f.To = day.AddDate(0, 0, 1)
	}
	return f
}

// idText is text if it can be an id or one of our words, else "": PostgreSQL
// refuses statements with anything that is no text at all.
func idText(text string) string {
	if len(text) > 100 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return ""
	}
	return text
}

// attempts lists the rows behind the figures of deflection.
func (s *Server) attempts(c *gin.Context, m *ticket.Staff) error {
	v := attemptsView{
		Chrome: s.staffChrome(c, "staff.attempts.title"), Filter: s.attemptFilter(c), From: c.Query("from"), To: c.Query("to"),
		Categories: append([]string{deflect.None}, intake.Categories...),
		Outcomes:   []deflect.Outcome{deflect.None, deflect.Confirmed, deflect.Assumed, deflect.Abandoned, deflect.Ticketed},
	}
	var err error
	if v.Desk, err = s.desk(c, m, "deflection"); err != nil {
		return err
	}
	f := v.Filter
	f.Limit = attemptsPerPage + 1
	if v.Rows, err = s.opt.Support.Store.Attempts(c.Request.Context(), f); err != nil {
		return err
	}
	query := c.Request.URL.Query()
	query.Del("before")
	v.CSV, v.JSON = "/staff/attempts.csv?"+query.Encode(), "/staff/attempts.json?"+query.Encode()
	if len(v.Rows) > attemptsPerPage {
		v.Rows = v.Rows[:attemptsPerPage]
		query.Set("before", v.Rows[attemptsPerPage-1].ID)
		v.Next = "/staff/attempts?" + query.Encode()
	}
	return render(s, c, http.StatusOK, attemptsPage, v)
}

// attemptColumns name the rows of attempts in files.
var attemptColumns = []string{
	"id", "started_at", "lang", "category", "script", "counted", "arm", "period", "shown", "opened", "dwell_ms", "outcome", "outcome_at", "article", "ticket",
	"revoked_at", "revoked_by", "judged", "followed_by",
}

// attemptsFile is all of the same rows as a file, read in parts.
func (s *Server) attemptsFile(c *gin.Context, m *ticket.Staff, file rowFile) error {
	f := s.attemptFilter(c)
	f.Before, f.Limit = "", attemptsAtOnce
	if err := s.audit(c, m, team.DataExported, "attempts", map[string]string{"from": c.Query("from"), "to": c.Query("to")}); err != nil {
		return err
	}
	return s.sendRows(c, file, "attempts", func(begin func([]string) error, give func([][]any) error) error {
		for more := false; ; more = true {
			list, err := s.opt.Support.Store.Attempts(c.Request.Context(), f)
			if err != nil {
				return err
			}
			if !more {
				if err := begin(attemptColumns); err != nil {
					return err
				}
			}
			rows := make([][]any, len(list))
			for i, a := range list {
				rows[i] = []any{
					a.ID, a.StartedAt, a.Lang, a.Category, a.Script, a.Counted, string(a.Arm), a.Period, a.Shown, a.Opened, a.Dwell.Milliseconds(),
					string(a.Outcome), a.OutcomeAt, a.Article, a.TicketID, a.RevokedAt, a.RevokedBy, a.Judged, a.Followed,
				}
			}
			if err := give(rows); err != nil || len(list) < f.Limit {
				return err
			}
			f.Before = list[len(list)-1].ID
		}
	})
}

// stamp is an instant for a file, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

type attemptView struct {
	Chrome
	Desk    desk
	Attempt deflect.Attempt
	Article *articleLink
	Lines   []ledgerLine
}

// ledgerLine is one line of the ledger, in words.
type ledgerLine struct {
	At       time.Time
	Kind     deflect.EntryKind
	Articles []articleLink
	Dwell    time.Duration
	TicketID string
}

// attempt is one attempt's history in the ledger.
func (s *Server) attempt(c *gin.Context, m *ticket.Staff) error {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	v := attemptView{Chrome: s.staffChrome(c, "staff.attempts.one")}
	var err error
	if v.Attempt, err = db.AttemptByID(ctx, c.Param("id")); err != nil {
		return err
	}
	if v.Desk, err = s.desk(c, m, "deflection"); err != nil {
		return err
	}
	lines, err := db.LedgerOf(ctx, v.Attempt.ID)
	if err != nil {
		return err
	}
	for _, e := range lines {
		line, err := s.ledgerLine(v.Attempt.Lang, e)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
	}
	return render(s, c, http.StatusOK, attemptPage, v)
}

func (s *Server) ledgerLine(lang string, e deflect.Entry) (ledgerLine, error) {
	l := ledgerLine{At: e.At, Kind: e.Kind}
	var ids []string
	if e.Article != "" {
		ids = []string{e.Article}
	}
	if strings.HasPrefix(e.Data, "[") {
		if err := json.Unmarshal([]byte(e.Data), &ids); err != nil {
			return l, err
		}
	} else if e.Data != "" {
		var more struct {
			Ms     int64  `json:"ms"`
			Ticket string `json:"ticket"`
		}
		if err := json.Unmarshal([]byte(e.Data), &more); err != nil {
			return l, err
		}
		l.Dwell, l.TicketID = time.Duration(more.Ms)*time.Millisecond, more.Ticket
	}
	for _, id := range ids {
		link := articleLink{Title: id}
		if a := s.articleIn(lang, id); a != nil {
			link = articleLink{a.Title, a.URL()}
		}
		l.Articles = append(l.Articles, link)
	}
	return l, nil
}

// rowsPath is where the rows behind a figure of the deflection page are.
func rowsPath(from, to time.Time, category string) string {
	q := url.Values{"counted": {"1"}, "from": {from.Format(time.DateOnly)}, "to": {to.Format(time.DateOnly)}}
	if category != "" {
		q.Set("category", category)
	}
	return "/staff/attempts?" + q.Encode()
}
