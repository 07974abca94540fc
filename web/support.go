package web

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/gaps"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/kb"
	"github.com/vmcloud/ricochet/search"
)

// Support is what the writing half of the site is made of: contact form,
// votes, "my request" and the staff pages. All fields are needed.
type Support struct {
	Intake    *intake.Service
	Tickets   *ticket.Service
	Taxonomy  *policy.Taxonomy
	Team      *team.Service
	Rules     *policy.LiveRules
	Policy    func() policy.SetStatus // which promises are in force
	Ledger    *deflect.Ledger
	Trial     *deflect.Experimenter
	Privacy   *deflect.Privacy
	Files     *intake.Files
	Store     SupportStore
	Suggester Suggester
	// TicketSearch finds tickets by their words; nil: the desk says that it
	// cannot search.
	TicketSearch TicketSearcher
	Gaps         GapFinder
	Reports      *report.Service
	Secret       []byte // key of form tokens, receipts and links; the same on every node
	MailTo       string // where mail goes, for the staff pages
	MailFiles    bool   // no mail server is configured: MailTo are files
	Problems     func() []kb.Problem
	Channels     []string                           // what alerts go to besides mail, without secrets
	Previews     func(lang string) []notify.Preview // customers' mails as they are written now
}

// Suggester finds the articles that answer a message, and says what a text is
// about.
type Suggester interface {
	gaps.Meanings
	Suggest(ctx context.Context, m search.Message, limit int) ([]search.Suggestion, error)
}

// SupportStore reads and keeps what needs no rule of the domain.
type SupportStore interface {
	AlertStore
	Ping(context.Context) error
	SaveVote(context.Context, deflect.Vote) error
	VoteComments(ctx context.Context, from, to time.Time, limit int) ([]deflect.VoteComment, error)

	TicketByID(ctx context.Context, id string) (ticket.Ticket, error)
	EventsOf(ctx context.Context, ticketID string) ([]ticket.Event, error)
	StepsOf(ctx context.Context, ticketID string) ([]ticket.Event, error)
	MessagesOf(ctx context.Context, ticketID string, notes bool) ([]ticket.Message, error)
	SurveyByTicket(ctx context.Context, ticketID string) (ticket.Survey, error)
	CreditsOfTicket(ctx context.Context, ticketID string) ([]ticket.Credit, error)
	OtherTickets(ctx context.Context, t ticket.Ticket, limit int) ([]ticket.Ticket, error)
	AttachmentsOf(ctx context.Context, ticketID string) ([]intake.StoredAttachment, error)
	AttachmentByID(ctx context.Context, id string) (intake.StoredAttachment, error)
	DeskStore
	GapStore
	CustomerOfPerson(ctx context.Context, personID string) (ticket.CustomerView, error)

	CountStaff(context.Context) (int, error)
	CreateFirstStaff(context.Context, ticket.Staff) error
	StaffByEmail(ctx context.Context, email string) (ticket.Staff, error)
	StaffBySession(ctx context.Context, hash string, now time.Time) (m ticket.Staff, seen time.Time, err error)
	StaffNames(context.Context) (map[string]string, error)
	TeamStore
	PanelStore
	QualityStore
	Setting(ctx context.Context, name string) (string, error)
	TokenScope(ctx context.Context, hash string) (string, error)
	SaveCustomers(context.Context, []intake.Customer) error

	CurrentPeriod(context.Context) (deflect.Period, error)
	Strata(context.Context) ([]deflect.Stratum, error)
	CountedSince(ctx context.Context, t time.Time) (n int, first time.Time, err error)
	Attempts(context.Context, deflect.AttemptFilter) ([]deflect.Attempt, error)
	AttemptByID(ctx context.Context, id string) (deflect.Attempt, error)
	LedgerOf(ctx context.Context, attemptID string) ([]deflect.Entry, error)
	Live(ctx context.Context, now time.Time) (report.Live, error)
	DeflectionCounts(ctx context.Context, from, to time.Time) ([]report.CategoryCounts, error)
	Helpful(ctx context.Context, from, to time.Time) ([]report.HelpfulCounts, error)
	TopSearches(ctx context.Context, from, to time.Time, empty bool, limit int) ([]report.SearchCount, error)
	OpenQuarantine(ctx context.Context, limit int) ([]intake.Quarantined, error)
	CountQuarantine(context.Context) (int, error)
	DismissQuarantine(ctx context.Context, id string) error
	MailCounts(context.Context) (map[notify.MailState]int, error)
	DeadJobs(ctx context.Context, limit int) ([]jobs.Dead, error)
}

// supportRoutes are the pages and interfaces that people write to.
func (s *Server) supportRoutes() {
	s.get("/healthz", s.health)
	s.get("/metrics", s.metrics)
	s.get("/{lang}/contact", s.contactForm)
	s.post("/{lang}/contact", maxContactBody, s.contactSubmit)
	s.get("/{lang}/contact/sent/:receipt", s.contactSent)
	s.get("/{lang}/contact/solved", s.contactSolved)
	s.post("/{lang}/contact/solved", 0, s.contactConfirm)
	s.post("/api/v1/suggest", maxSuggestBody, s.apiSuggest)
	s.post("/api/v1/attempt", 0, s.apiAttempt)
	s.post("/api/v1/tickets", maxTicketBody, s.apiTickets)
	s.post("/api/v1/customers", maxCustomersBody, s.apiCustomers)
	s.post("/api/v1/search/chosen", 0, s.apiChosen)
	s.post("/{lang}/vote", 0, s.vote)
	s.get("/{lang}/vote", s.postOnly)
	s.get("/{lang}/request/:token", s.request)
	s.post("/{lang}/request/:token", maxContactBody, s.requestAct)
	s.get("/{lang}/request/:token/files/:id", s.requestFile)
	s.get("/{lang}/nps/:token", s.nps)
	s.post("/{lang}/nps/:token", 0, s.npsAct)
	s.get("/{lang}/solved/:token", s.linkSolved)
	s.post("/{lang}/solved/:token", 0, s.linkSolvedAct)
	s.get("/{lang}/privacy", s.privacy)
	s.post("/{lang}/privacy", 0, s.privacySet)
	s.staffRoutes()
}

// healthz is for load balancers: 200 while the database answers.
func (s *Server) health(c *gin.Context) error {
	if err := s.opt.Support.Store.Ping(c.Request.Context()); err != nil {
		return err
	}
	s.writeOK(c, map[string]string{"status": "ok"})
	return nil
}
