package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// ScopeTickets is the scope of a token that may open tickets.
const ScopeTickets = "tickets:write"

const (
	// maxTicketBody holds the longest message with every character escaped.
	maxTicketBody = 512 << 10
	// maxIdempotencyKey bounds the header, in bytes.
	maxIdempotencyKey = 255
)

// ticketJSON is the body of POST /api/v1/tickets. Only email and message are
// needed.
type ticketJSON struct {
	Email    string       `json:"email"` // of the customer
	Name     string       `json:"name"`
	Lang     string       `json:"lang"` // in which the customer is answered; the site's default when left out
	Subject  string       `json:"subject"`
	Message  string       `json:"message"`
	Category string       `json:"category"`
	Urgency  ticket.Level `json:"urgency"` // with impact: what the priority is proposed from (D-11)
	Impact   ticket.Level `json:"impact"`
}

// ticketAnswer is what the caller gets. It has no link to "my request": that
// one proves the address, so only mail carries it.
type ticketAnswer struct {
	ID       string          `json:"id"`
	Number   string          `json:"number"`
	State    ticket.State    `json:"state"`
	Tier     ticket.Tier     `json:"tier"`
	Priority ticket.Priority `json:"priority"`
	Category string          `json:"category"`
	Queue    ticket.Queue    `json:"queue"`
	Received time.Time       `json:"received_at"`
	Due      []dueAnswer     `json:"due"`
}

// dueAnswer is one promise to the customer.
type dueAnswer struct {
	Target     string    `json:"target"` // first_response, resolution
	At         time.Time `json:"at"`
	BestEffort bool      `json:"best_effort"` // measured, not promised (D-9)
}

// apiTickets opens a ticket for a customer. The same Idempotency-Key always
// gives the same ticket; with another body it is refused.
func (s *Server) apiTickets(c *gin.Context) error {
	token, err := s.authorize(c, ScopeTickets)
	if err != nil {
		return err
	}
	var body ticketJSON
	if err := readJSON(c, &body); err != nil {
		return err
	}
	sub := intake.Submission{
		Channel: ticket.ByAPI, Lang: strings.ToLower(body.Lang), Name: body.Name, Email: body.Email, Category: body.Category,
		Urgency: body.Urgency, Impact: body.Impact, Subject: body.Subject, Body: body.Message,
	}
	if sub.Lang == "" {
		sub.Lang = s.opt.DefaultLang
	}
	if s.locales.Get(sub.Lang) == nil {
		return errs.InvalidFields(errs.Field{Name: "lang", Key: "error.field.lang"})
	}
	if key := c.GetHeader("Idempotency-Key"); key != "" {
		if len(key) > maxIdempotencyKey {
			return errs.InvalidFields(errs.Field{Name: "Idempotency-Key", Key: "error.field.too_long", Args: map[string]any{"Limit": maxIdempotencyKey}})
		}
		sub.FormToken, sub.Fingerprint = s.sign("idempotency", token+"\x00"+key), fingerprint(body)
	}
	r, err := s.opt.Support.Intake.Submit(c.Request.Context(), sub)
	if err != nil {
		return err
	}
	if r.Repeated {
		c.Header("Idempotent-Replayed", "true")
	}
	s.writeJSON(c, http.StatusCreated, typeJSON, answerTicket(r.Ticket))
	return nil
}

// fingerprint tells requests apart by what they say, not by their spaces.
func fingerprint(body ticketJSON) string {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings marshal
	}
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func answerTicket(t ticket.Ticket) ticketAnswer {
	a := ticketAnswer{
		ID: t.ID, Number: t.Number, State: t.State, Tier: t.Tier, Priority: t.Priority, Category: t.Category, Queue: t.Queue,
		Received: t.ReceivedAt.UTC().Truncate(time.Millisecond), Due: []dueAnswer{},
	}
	for _, g := range t.SLA {
		if promised(g) && !g.Due.IsZero() {
			a.Due = append(a.Due, dueAnswer{g.Name, g.Due.UTC(), g.BestEffort()})
		}
	}
	return a
}

// promised says whether a target is one the customer is told of (D-7, D-10).
func promised(g ticket.Target) bool {
	return !g.Internal() && (g.Name == "first_response" || g.Name == "resolution")
}
