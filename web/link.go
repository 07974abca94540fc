package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// SolvedLinkAge is how long the link "this solved it" of an acknowledgement
// works.
const SolvedLinkAge = 7 * 24 * time.Hour

// The links of mails that are not "my request". A link is made of a ticket or
// person, the instant it expires and a signature over both and its purpose.
// Following one shows a page with a button; only the button's POST acts, since
// programs that check mail follow links too.
const linkSolved = "solved"

// SolvedLink is the end of the address of the link with which the author of a
// ticket says that an article solved it (D-30).
func SolvedLink(secret []byte, ticketID string, now time.Time) string {
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return s.signLink(linkSolved, ticketID, now.Add(SolvedLinkAge))
}

func (s *Server) signLink(purpose, id string, expires time.Time) string {
	text := id + "." + strconv.FormatInt(expires.Unix(), 36)
	return text + "." + s.sign("link "+purpose, text)
}

// readLink is the id a link was made for. A link that was not made here is not
// found, and one that has expired says so.
func (s *Server) readLink(c *gin.Context, purpose string) (id string, err error) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	text, mac, ok := cutLast(c.Param("token"), ".")
	if !ok || !s.signed("link "+purpose, text, mac) {
		return "", errs.Newf(errs.NotFound, "error.link.unknown", "link %q", c.Param("token"))
	}
	id, at, _ := strings.Cut(text, ".")
	expires, err := strconv.ParseInt(at, 36, 64)
	if err != nil {
		return "", errs.New(errs.NotFound, "error.link.unknown", err)
	}
	if s.opt.Clock.Now().Unix() >= expires {
		return "", errs.Newf(errs.NotFound, "error.link.expired", "link of %s has expired", id)
	}
	return id, nil
}

var selfSolvedPage = definePage[selfSolvedView]("link_solved")

// selfSolvedView is where the author of a ticket says that an article solved
// it.
type selfSolvedView struct {
	Chrome
	Number  string
	Subject string
	Request string // path of "my request"
	Action  string
	Closed  bool // it is closed: there is nothing left to say
	Urgent  bool // P0 and P1 are closed by a person only (D-30)
}

func (s *Server) linkSolved(c *gin.Context) error {
	t, err := s.linkedTicket(c, linkSolved)
	if err != nil {
		return err
	}
	return s.showLinkSolved(c, http.StatusOK, t)
}

// linkedTicket is the ticket that a link is about.
func (s *Server) linkedTicket(c *gin.Context, purpose string) (ticket.Ticket, error) {
	id, err := s.readLink(c, purpose)
	if err != nil {
		return ticket.Ticket{}, err
	}
	return s.opt.Support.Store.TicketByID(c.Request.Context(), id)
}

func (s *Server) showLinkSolved(c *gin.Context, status int, t ticket.Ticket) error {
	loc, path := s.locale(c), "solved/"+c.Param("token")
	v := selfSolvedView{
		Chrome: s.chrome(loc, path, loc.T("link.solved.title")).private(), Number: t.Number, Subject: t.Subject,
		Request: "/" + loc.Lang + "/request/" + AccessToken(s.opt.Support.Secret, t.ID), Action: "/" + loc.Lang + "/" + path,
		Closed: t.State == ticket.Closed, Urgent: t.Priority == ticket.P0 || t.Priority == ticket.P1,
	}
	v.Kind = "request"
	v.crumbs(loc, Crumb{v.Title, ""})
	return render(s, c, status, selfSolvedPage, v)
}

// linkSolvedAct closes the ticket. It works once: a closed ticket stays
// closed, and what its author writes later opens another.
func (s *Server) linkSolvedAct(c *gin.Context) error {
	t, err := s.linkedTicket(c, linkSolved)
	if err != nil {
		return err
	}
	err = s.opt.Support.Tickets.SelfSolved(c.Request.Context(), t.ID)
	if errs.Is(err, errs.Conflict) {
		return s.showLinkSolved(c, http.StatusConflict, t)
	}
	if err != nil {
		return err
	}
	s.redirect(c, http.StatusSeeOther, "/"+s.locale(c).Lang+"/solved/"+c.Param("token"))
	return nil
}
