package web

import (
	"crypto/hmac"
	"fmt"
	"mime"
	"net/http"
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
	Thread   []messageView
	Closed   bool
	Message  string
	Errors   map[string]string
	Sent     bool
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
	return s.showRequest(c, http.StatusOK, t, "", nil)
}

func (s *Server) showRequest(c *gin.Context, status int, t ticket.Ticket, message string, wrong *errs.Error) error {
	loc, ctx, db := s.locale(c), c.Request.Context(), s.opt.Support.Store
	messages, err := db.MessagesOf(ctx, t.ID, false)
	if err != nil {
		return err
	}
	files, err := db.AttachmentsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	token := c.Param("token")
	base := "request/" + token
	v := requestView{
		Chrome: s.chrome(loc, base, loc.T("request.title", "Number", t.Number)).private(), Token: token, Number: t.Number,
		Subject: t.Subject, State: t.State, Received: t.ReceivedAt, Message: message, Errors: map[string]string{},
		Closed: t.State == ticket.Closed || t.State == ticket.Merged, Sent: c.Query("sent") == "1",
	}
	v.Kind = "request"
	v.crumbs(loc, Crumb{v.Title, ""})
	for _, g := range dueViews(t, s.opt.Clock.Now()) {
		if !g.Internal && (g.Name == "first_response" || g.Name == "resolution") {
			v.Targets = append(v.Targets, g)
		}
	}
	for _, m := range messages {
		mv := messageView{Staff: m.Author == ticket.ByStaff, Body: m.Body, At: m.At}
		mv.Files = fileViews(files, m.ID, "/"+loc.Lang+"/"+base+"/files/")
		v.Thread = append(v.Thread, mv)
	}
	if wrong != nil {
		for _, f := range wrong.Fields {
			v.Errors[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	return render(s, c, status, requestPage, v)
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

// requestReply adds what the customer writes on "my request".
func (s *Server) requestReply(c *gin.Context) error {
	t, err := s.byToken(c)
	if err != nil {
		return err
	}
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	body := c.Request.PostForm.Get("message")
	landed, err := s.opt.Support.Tickets.CustomerReply(c.Request.Context(), t.ID, ticket.CustomerMessage{Body: body})
	if err != nil {
		if errs.Is(err, errs.Invalid) {
			return s.showRequest(c, http.StatusUnprocessableEntity, t, body, asError(err))
		}
		return err
	}
	token := c.Param("token")
	if landed.Opened { // the new ticket's own page; its author is the reader
		token = AccessToken(s.opt.Support.Secret, landed.TicketID)
	}
	s.redirect(c, http.StatusSeeOther, "/"+s.locale(c).Lang+"/request/"+token+"?sent=1")
	return nil
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

var privacyPage = definePage[privacyView]("privacy")

type privacyView struct {
	Chrome
	Refused bool // measurement is off for this browser
	Signal  bool // because the browser says so
}

// privacy explains the one cookie and lets the person refuse it (D-36).
func (s *Server) privacy(c *gin.Context) error {
	loc := s.locale(c)
	v := privacyView{Chrome: s.chrome(loc, "privacy", loc.T("privacy.title")), Refused: refusesMeasurement(c.Request)}
	v.Signal = c.GetHeader("Sec-GPC") == "1" || c.GetHeader("DNT") == "1"
	v.Kind, v.Description = "privacy", loc.T("privacy.description")
	v.crumbs(loc, Crumb{v.Title, ""})
	return render(s, c, http.StatusOK, privacyPage, v)
}

func (s *Server) privacySet(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	switch choice := c.Request.PostForm.Get("measure"); choice {
	case "no":
		// The refusal itself has to be remembered, for longer than a visit.
		s.setCookie(c, visitorCookie, visitorRefuse, "/", 180*24*time.Hour)
	case "yes":
		s.setCookie(c, visitorCookie, "", "/", -time.Second)
	default:
		return errs.InvalidFields(errs.Field{Name: "measure", Key: "error.field.choice"})
	}
	s.redirect(c, http.StatusSeeOther, fmt.Sprintf("/%s/privacy", s.locale(c).Lang))
	return nil
}
