package ticket

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vmcloud/ricochet/internal/errs"
)

// JobIncidentAnswered is the job that posts an incident's answer on each of
// its tickets.
const JobIncidentAnswered = "incident.answered"

// Incident is a known issue that gathers the tickets about it.
type Incident struct {
	ID         string
	Number     string // "INC-7K3F", what people quote
	Title      string
	Summary    string // what is known, for the team
	Staff      string // who opened it
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ResolvedAt time.Time // zero while it is open
	Version    int64
}

// Open says whether the incident still gathers tickets.
func (i Incident) Open() bool { return i.ResolvedAt.IsZero() }

// IncidentRow is an incident of the desk's list.
type IncidentRow struct {
	Incident
	Tickets int // how many it gathers
}

// IncidentAnswer is one text for every ticket of an incident.
type IncidentAnswer struct {
	ID       string
	Incident string
	Body     string
	Then     State // of the tickets afterwards: waiting_customer, resolved, or "" to leave it
	Staff    string
	At       time.Time
}

// incidentTx is what incidents need from a transaction.
type incidentTx interface {
	InsertIncident(Incident) error
	IncidentForUpdate(id string) (Incident, error)
	// UpdateIncident stores i if its version is still i.Version, and raises it.
	UpdateIncident(i Incident) (ok bool, err error)
	// TicketsOfIncident lists the ids of the tickets it gathers.
	TicketsOfIncident(id string) ([]string, error)
	InsertIncidentAnswer(IncidentAnswer) error
	IncidentAnswerByID(id string) (IncidentAnswer, error)
}

// OpenIncident makes an incident and returns its id.
func (s *Service) OpenIncident(ctx context.Context, staffID, title, summary string) (string, error) {
	title, summary, err := checkIncident(title, summary)
	if err != nil {
		return "", err
	}
	i := Incident{ID: uuid.Must(uuid.NewV7()).String(), Number: newIncidentNumber(), Title: title, Summary: summary, Staff: staffID, Version: 1}
	return i.ID, s.Store.InTx(ctx, func(tx Tx) error {
		i.CreatedAt, i.UpdatedAt = tx.Now(), tx.Now()
		return tx.InsertIncident(i)
	})
}

func checkIncident(title, summary string) (string, string, error) {
	title = oneLine(title)
	switch {
	case title == "":
		return "", "", errs.InvalidFields(errs.Field{Name: "title", Key: "error.field.message_missing"})
	case utf8.RuneCountInString(title) > maxSubject:
		return "", "", errs.InvalidFields(errs.Field{Name: "title", Key: "error.field.too_long", Args: map[string]any{"Limit": maxSubject}})
	}
	summary, err := checkPart("summary", summary, false)
	return title, summary, err
}

// newIncidentNumber makes a number such as INC-7K3F9A: 30 random bits.
func newIncidentNumber() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	for i, v := range b {
		b[i] = numberAlphabet[v&31]
	}
	return "INC-" + string(b[:])
}

// EditIncident changes what is known of an incident, or ends it.
func (s *Service) EditIncident(ctx context.Context, id string, version int64, title, summary string, resolved bool) error {
	title, summary, err := checkIncident(title, summary)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		i, err := tx.IncidentForUpdate(id)
		if err != nil {
			return err
		}
		if version != 0 && version != i.Version {
			return errs.Newf(errs.Conflict, "error.ticket.stale", "incident %s is at version %d, the form had %d", i.Number, i.Version, version)
		}
		i.Title, i.Summary, i.UpdatedAt = title, summary, tx.Now()
		switch {
		case !resolved:
			i.ResolvedAt = time.Time{}
		case i.ResolvedAt.IsZero():
			i.ResolvedAt = tx.Now()
		}
		ok, err := tx.UpdateIncident(i)
		if err == nil && !ok {
			err = errs.Newf(errs.Conflict, "error.ticket.stale", "incident %s changed meanwhile", i.Number)
		}
		return err
	})
}

// JoinIncident attaches the ticket to an open incident; it leaves another one.
func (s *Service) JoinIncident(ctx context.Context, id string, version int64, staffID, incidentID string) error {
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.Incident == incidentID {
			return change{}, nil
		}
		if err := w.editable(); err != nil {
			return change{}, err
		}
		i, err := w.tx.IncidentForUpdate(incidentID)
		switch {
		case errs.Is(err, errs.NotFound):
			return change{}, errs.InvalidFields(errs.Field{Name: "incident", Key: "error.field.choice"})
		case err != nil:
			return change{}, err
		case !i.Open():
			return change{}, errs.Newf(errs.Conflict, "error.incident.over", "incident %s is over", i.Number)
		}
		by := Actor{ByStaff, staffID}
		var events []Event
		if w.t.Incident != "" {
			events = append(events, Event{Kind: IncidentLeft, Actor: by, Data: EventData{Other: w.t.Incident}})
		}
		return change{events: append(events, Event{Kind: IncidentJoined, Actor: by, Data: EventData{Other: incidentID}})}, nil
	})
}

// LeaveIncident detaches the ticket from its incident.
func (s *Service) LeaveIncident(ctx context.Context, id string, version int64, staffID string) error {
	return s.act(ctx, id, version, func(w work) (change, error) {
		if w.t.Incident == "" {
			return change{}, nil
		}
		return change{events: []Event{{Kind: IncidentLeft, Actor: Actor{ByStaff, staffID}, Data: EventData{Other: w.t.Incident}}}}, nil
	})
}

// AnswerIncident posts one answer on every ticket of the incident that is still
// worked on, in the background; then is their state afterwards. lang takes the
// tickets of customers of one language alone, "" all of them. The incident must
// still be at version, 0 for any: what a second click sends again is refused.
func (s *Service) AnswerIncident(ctx context.Context, incidentID string, version int64, staffID, lang, body string, then State) error {
	body, err := checkBody("reply", body)
	if err != nil {
		return err
	}
	if then != "" && then != WaitingCustomer && then != Resolved {
		return errs.InvalidFields(errs.Field{Name: "then", Key: "error.field.choice"})
	}
	return s.Store.InTx(ctx, func(tx Tx) error {
		i, err := tx.IncidentForUpdate(incidentID)
		if err != nil {
			return err
		}
		if version != 0 && version != i.Version {
			return errs.Newf(errs.Conflict, "error.ticket.stale", "incident %s is at version %d, the form had %d", i.Number, i.Version, version)
		}
		if _, err := tx.UpdateIncident(i); err != nil {
			return err
		}
		a := IncidentAnswer{ID: uuid.Must(uuid.NewV7()).String(), Incident: incidentID, Body: body, Then: then, Staff: staffID, At: tx.Now()}
		if err := tx.InsertIncidentAnswer(a); err != nil {
			return err
		}
		return enqueue(tx, []tell{{JobIncidentAnswered, a.ID, incidentJob{a.ID, lang}}})
	})
}

// incidentJob is the payload of JobIncidentAnswered.
type incidentJob struct {
	Answer string `json:"answer"`
	Lang   string `json:"lang,omitempty"` // of the customers it is for, "" for all
}

// PostIncidentAnswer is the handler of JobIncidentAnswered. Each ticket is
// answered in a transaction of its own, which looks into its log whether it
// has the answer: however often the job runs, every ticket gets it once.
func (s *Service) PostIncidentAnswer(ctx context.Context, payload string) error {
	var j incidentJob
	if err := json.Unmarshal([]byte(payload), &j); err != nil {
		return fmt.Errorf("job payload: %w", err)
	}
	var a IncidentAnswer
	var ids []string
	err := s.Store.InTx(ctx, func(tx Tx) error {
		var err error
		if a, err = tx.IncidentAnswerByID(j.Answer); err != nil {
			return err
		}
		ids, err = tx.TicketsOfIncident(a.Incident)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := s.act(ctx, id, 0, func(w work) (change, error) {
			has := slices.ContainsFunc(w.log, func(e Event) bool { return e.Kind == StaffReplied && e.Data.Record == a.ID })
			if has || !w.t.State.Active() || w.t.Incident != a.Incident || j.Lang != "" && w.t.Lang != j.Lang {
				return change{}, nil
			}
			return w.reply(Actor{ByStaff, a.Staff}, a.Body, a.Then, a.ID)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("ticket %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// checkPart trims one text of a structured note.
func checkPart(name, text string, needed bool) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"))
	switch {
	case needed && text == "":
		return "", errs.InvalidFields(errs.Field{Name: name, Key: "error.field.brief_missing"})
	case utf8.RuneCountInString(text) > maxBrief:
		return "", errs.InvalidFields(errs.Field{Name: name, Key: "error.field.too_long", Args: map[string]any{"Limit": maxBrief}})
	}
	return text, nil
}

// fieldsOf are the wrong inputs an error names.
func fieldsOf(err error) []errs.Field {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
