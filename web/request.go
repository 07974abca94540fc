package web

import (
	"crypto/hmac"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

var requestPage = definePage[requestView]("request")

// requestView is "my request": what the customer sees of a ticket.
type requestView struct {
	Chrome
	Token    string
	Number   string
	Subject  string
	State    ticket.State
	Received time.Time
	Targets  []dueView
	Thread   []requestMessage
	Active   bool // the team works on it
	Closed   bool
	Resolved bool // the person is asked whether it is
	Solvable bool // the person may say that it is solved
	Message  string
	Files    []keptFile // that came with a message which was refused
	MaxFiles int
	MaxMiB   int
	Types    string
	Errors   map[string]string
	Summary  string // what is wrong, "" when nothing is
	Done     string // what was just done: the end of a text key, "" for nothing
	Others   []otherRequest
	Survey   surveyForm
	Credits  []creditView
}

// surveyForm is the three questions after the end (D-27).
type surveyForm struct {
	Ask      bool
	Answered bool
	Scores   []int
	Score    string // as chosen in a form that was refused, like the rest
	Solved   string
	Comment  string
}

// creditView is what a broken promise earned the customer (D-26).
type creditView struct {
	ID      string
	Target  string
	At      time.Time // of the breach
	Share   float64   // of the month's price
	State   ticket.CreditState
	Until   time.Time // for a claim, or of its review
	Applied float64
	Reason  string
}

// requestMessage is one message and the steps that came after it.
type requestMessage struct {
	Staff bool
	Body  string
	At    time.Time
	Files []fileView
	Steps []requestStep
}

// requestStep is a change that the customer is told of.
type requestStep struct {
	At time.Time
	To ticket.State
}

// otherRequest is another request of the same person.
type otherRequest struct {
	Number   string
	Subject  string
	State    ticket.State
	Received time.Time
	Path     string
}

// dueView is a promise and when it is due.
type dueView struct {
	Name       string
	Due        time.Time
	State      string
	BestEffort bool
	Internal   bool
	Late       time.Duration // how long Due has been over; 0 when it is not
	Left       time.Duration // until Due
}

// messageView is one message of a thread.
type messageView struct {
	ID      string
	Fresh   bool   // came since the reader last looked
	Author  string // a name, or "" for the reader's own
	Staff   bool
	Note    bool
	Body    string
	At      time.Time
	Files   []fileView
	Changes []changeView
}

type fileView struct {
	Name string
	Path string
	Size int64
}

// changeView is something that happened to a ticket, in words.
type changeView struct {
	At     time.Time
	Author string // "" for the program
	Text   string
	Detail string
	Reason string
	Fresh  bool
}

// AccessToken is the secret part of the "my request" link of a ticket, after
// the ticket's id, by which it is found: only its hash is stored, and only mail
// carries it.
func AccessToken(secret []byte, ticketID string) string {
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return ticketID + "." + s.sign("access", ticketID)
}

// AccessHash is what the database keeps of AccessToken.
func AccessHash(secret []byte, ticketID string) string {
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return s.sign("access-hash", AccessToken(secret, ticketID))
}

// byToken finds the ticket of a mailed link. The page must not be kept,
// indexed, or named to other sites.
func (s *Server) byToken(c *gin.Context) (ticket.Ticket, error) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	token := c.Param("token")
	id, _, _ := strings.Cut(token, ".")
	t, err := s.opt.Support.Store.TicketByID(c.Request.Context(), id)
	if err == nil && !hmac.Equal([]byte(t.AccessHash), []byte(s.sign("access-hash", token))) {
		t, err = ticket.Ticket{}, errs.Newf(errs.NotFound, "", "the link's secret is not the ticket's")
	}
	if errs.Is(err, errs.NotFound) {
		return t, errs.New(errs.NotFound, "error.request.not_found", err)
	}
	return t, err
}

func (s *Server) request(c *gin.Context) error {
	t, err := s.byToken(c)
	if err != nil {
		return err
	}
	return s.showRequest(c, http.StatusOK, t, sentForm{}, nil)
}

// requestDone is what a page may say that was just done.
var requestDone = []string{"sent", "opened", "solved", "unsolved", "survey", "claim"}

// maxOthers is how many other requests of the person are listed.
const maxOthers = 20

// showRequest shows the page; typed is what a refused form held.
func (s *Server) showRequest(c *gin.Context, status int, t ticket.Ticket, typed sentForm, wrong *errs.Error) error {
	loc := s.locale(c)
	token := c.Param("token")
	v := requestView{
		Chrome: s.chrome(loc, "request/"+token, loc.T("request.title", "Number", t.Number)).private(), Token: token, Number: t.Number,
		Subject: t.Subject, State: t.State, Received: t.ReceivedAt, Message: typed.values.Message, Files: typed.values.Files,
		MaxFiles: intake.MaxAttachments, MaxMiB: intake.MaxAttachment >> 20, Types: intake.AllowedTypes, Errors: map[string]string{},
		Active: t.State.Active(), Closed: t.State == ticket.Closed, Resolved: t.State == ticket.Resolved,
		Solvable: t.State.Active() && t.State != ticket.New,
	}
	v.Kind = "request"
	v.crumbs(loc, Crumb{v.Title, ""})
	if done := c.Query("done"); slices.Contains(requestDone, done) {
		v.Done = done
	}
	for _, g := range dueViews(t, s.opt.Clock.Now()) {
		if !g.Internal && (g.Name == "first_response" || g.Name == "resolution") {
			v.Targets = append(v.Targets, g)
		}
	}
	var err error
	if v.Thread, err = s.requestThread(c, t, "/"+loc.Lang+"/request/"+token+"/files/"); err != nil {
		return err
	}
	if v.Others, err = s.otherRequests(c, t); err != nil {
		return err
	}
	if v.Survey, err = s.surveyOf(c, t, typed.text); err != nil {
		return err
	}
	if v.Credits, err = s.creditsOf(c, t); err != nil {
		return err
	}
	if wrong != nil {
		v.Summary = failureText(loc, failures[wrong.Kind], wrong)
		for _, f := range wrong.Fields {
			v.Errors[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	return render(s, c, status, requestPage, v)
}

// requestThread is what was said, and after each message the steps that the
// customer is told of.
func (s *Server) requestThread(c *gin.Context, t ticket.Ticket, files string) ([]requestMessage, error) {
	ctx, db := c.Request.Context(), s.opt.Support.Store
	messages, err := db.MessagesOf(ctx, t.ID, false)
	if err != nil {
		return nil, err
	}
	stored, err := db.AttachmentsOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	steps, err := db.StepsOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if t.State == ticket.Merged {
		if messages, err = s.withSurvivor(c, t, steps, messages); err != nil {
			return nil, err
		}
	}
	var thread []requestMessage
	for _, m := range messages {
		thread = append(thread, requestMessage{Staff: m.Author == ticket.ByStaff, Body: m.Body, At: m.At, Files: fileViews(stored, m.ID, files)})
	}
	for _, e := range steps {
		to := ticket.State(e.Data.To)
		if e.Kind != ticket.StateChanged || to != ticket.Resolved && to != ticket.Reopened && to != ticket.Closed {
			continue
		}
		i := len(thread) - 1
		for i > 0 && thread[i].At.After(e.At) {
			i--
		}
		if i >= 0 {
			thread[i].Steps = append(thread[i].Steps, requestStep{e.At, to})
		}
	}
	return thread, nil
}

// otherRequests lists what else the person asked.
func (s *Server) otherRequests(c *gin.Context, t ticket.Ticket) ([]otherRequest, error) {
	tickets, err := s.opt.Support.Store.OtherTickets(c.Request.Context(), t, maxOthers)
	if err != nil {
		return nil, err
	}
	var all []otherRequest
	for _, o := range tickets {
		path := "/" + s.locale(c).Lang + "/request/" + AccessToken(s.opt.Support.Secret, o.ID)
		all = append(all, otherRequest{o.Number, o.Subject, o.State, o.ReceivedAt, path})
	}
	return all, nil
}

func fileViews(files []intake.StoredAttachment, messageID, base string) []fileView {
	var all []fileView
	for _, f := range files {
		if f.MessageID == messageID {
			all = append(all, fileView{f.Name, base + f.ID, f.Size})
		}
	}
	return all
}

// dueViews describes the promises of a ticket at now. The stored state may be
// from before a due date passed: what is late now is said to be late (D-17).
func dueViews(t ticket.Ticket, now time.Time) []dueView {
	var all []dueView
	for _, g := range t.SLA {
		v := dueView{Name: g.Name, Due: g.Due, State: g.State, BestEffort: g.BestEffort(), Internal: g.Internal()}
		if g.Running && !g.Due.IsZero() {
			v.Left = g.Due.Sub(now)
			if v.Left < 0 {
				v.State, v.Late = "breached", -v.Left
				if v.BestEffort {
					v.State = "late"
				}
			}
		} else if g.State == "breached" {
			v.State = "missed"
		}
		all = append(all, v)
	}
	return all
}

// requestFile downloads an attachment of the customer's own ticket.
func (s *Server) requestFile(c *gin.Context) error {
	t, err := s.byToken(c)
	if err != nil {
		return err
	}
	return s.sendFile(c, t.ID, c.Param("id"))
}

// sendFile downloads an attachment of a ticket: never shown inline, whatever
// it is.
func (s *Server) sendFile(c *gin.Context, ticketID, id string) error {
	a, err := s.opt.Support.Store.AttachmentByID(c.Request.Context(), id)
	if err != nil {
		return err
	}
	if a.TicketID != ticketID {
		return errs.Newf(errs.NotFound, "", "attachment %s belongs to another ticket", a.ID)
	}
	f, err := s.opt.Support.Files.Open(a.ID)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", a.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("Content-Length", strconv.FormatInt(a.Size, 10))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(c.Writer, c.Request, "", a.CreatedAt, f)
	return nil
}
