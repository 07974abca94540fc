package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/internal/jobs"
)

const (
	livePoll      = time.Second      // between looks at the database, while anybody is connected
	liveHeartbeat = 15 * time.Second // between signs of life
	liveWrite     = 10 * time.Second // how long a client may take to read an event
	liveQueue     = 32               // events waiting for one client; a slower one is let go and comes back
	liveClients   = 200              // connections at once
	livePerStaff  = 12               // of one member of the staff
	liveBatch     = 500              // changes read at once
	livePages     = 4                // batches read at one look
	presenceLease = 25 * time.Second // how long a ticket counts as open after the last sign of life
)

// liveEvent is one event of the stream.
type liveEvent struct {
	name string
	id   string // what the browser sends back when it reconnects; "" keeps the last
	data []byte
}

// liveClient is one open page.
type liveClient struct {
	page    string // names it among those of every process
	staff   string
	ticket  string // the ticket it shows, "" for a list
	writing bool
	events  chan liveEvent
}

// live tells open pages of the desk what changes. One loop asks the database
// for all of them, and only while there is one.
type live struct {
	mu       sync.Mutex
	clients  map[*liveClient]bool
	present  map[string]string // ticket -> who is there, as last told
	follower *ticket.Follower
	wake     chan struct{}
	closed   chan struct{}
	stop     sync.Once
}

func newLive() *live {
	return &live{clients: map[*liveClient]bool{}, present: map[string]string{}, wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

// RunLive feeds the live pages of the desk until ctx ends.
func (s *Server) RunLive(ctx context.Context) {
	t := time.NewTicker(livePoll)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			s.StopLive()
			return
		case <-t.C:
		case <-s.live.wake:
		}
		if err := s.lookLive(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("live pages", "err", err)
		}
	}
}

// StopLive ends every stream, so that a server that shuts down does not wait
// for them.
func (s *Server) StopLive() { s.live.stop.Do(func() { close(s.live.closed) }) }

// lookLive reads what changed and tells it.
func (s *Server) lookLive(ctx context.Context) error {
	l := s.live
	l.mu.Lock()
	f, n := l.follower, len(l.clients)
	l.mu.Unlock()
	if n == 0 || f == nil {
		return nil
	}
	for range livePages {
		changes, more, err := f.Next(ctx, liveBatch)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			l.tell(changeEvent(changes, f.Since()), "")
		}
		if !more {
			break
		}
	}
	return s.lookPresence(ctx)
}

// changeEvent names the tickets that changed: their ids and versions.
func changeEvent(changes []ticket.Change, since time.Time) liveEvent {
	versions := make(map[string]int64, len(changes))
	for _, c := range changes {
		versions[c.ID] = c.Version
	}
	data, err := json.Marshal(versions)
	if err != nil {
		panic(err) // strings and numbers marshal
	}
	return liveEvent{"change", strconv.FormatInt(since.UnixMilli(), 10), data}
}

// lookPresence tells pages of one ticket who else has it open.
func (s *Server) lookPresence(ctx context.Context) error {
	all, err := s.opt.Support.Store.Presences(ctx, s.opt.Clock.Now())
	if err != nil {
		return err
	}
	byTicket := map[string][]ticket.Presence{}
	for _, p := range all {
		byTicket[p.TicketID] = append(byTicket[p.TicketID], p)
	}
	s.live.mu.Lock()
	var fresh []string
	for c := range s.live.clients {
		if c.ticket == "" || slices.Contains(fresh, c.ticket) {
			continue
		}
		if state := fmt.Sprint(byTicket[c.ticket]); s.live.present[c.ticket] != state {
			s.live.present[c.ticket] = state
			fresh = append(fresh, c.ticket)
		}
	}
	s.live.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	names, err := s.opt.Support.Store.StaffNames(ctx)
	if err != nil {
		return err
	}
	for _, id := range fresh {
		s.live.tell(presenceEvent(byTicket[id], names), id)
	}
	return nil
}

// presentView is somebody who has a ticket open, for the script.
type presentView struct {
	Staff   string `json:"staff"`
	Name    string `json:"name"`
	Writing bool   `json:"writing"`
}

func presenceEvent(there []ticket.Presence, names map[string]string) liveEvent {
	views := make([]presentView, len(there))
	for i, p := range there {
		views[i] = presentView{p.StaffID, names[p.StaffID], p.Writing}
	}
	data, err := json.Marshal(views)
	if err != nil {
		panic(err) // strings and booleans marshal
	}
	return liveEvent{name: "presence", data: data}
}

// tell queues an event for every client, or for those that show a ticket. A
// client that does not keep up loses its stream, and reads what it missed when
// it comes back.
func (l *live) tell(e liveEvent, ticketID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.clients {
		if ticketID != "" && c.ticket != ticketID {
			continue
		}
		select {
		case c.events <- e:
		default:
			l.drop(c)
		}
	}
}

// drop forgets a client and ends its stream; mu is held.
func (l *live) drop(c *liveClient) {
	if l.clients[c] {
		delete(l.clients, c)
		close(c.events)
	}
}

// join adds a client, unless there are too many.
func (l *live) join(c *liveClient, store ticket.ChangeStore, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := 0
	for other := range l.clients {
		if other.staff == c.staff {
			mine++
		}
	}
	if len(l.clients) >= liveClients || mine >= livePerStaff {
		return &errs.Error{Kind: errs.Unavailable, RetryAfter: time.Minute, Err: fmt.Errorf("%d live pages, %d of %s", len(l.clients), mine, c.staff)}
	}
	if len(l.clients) == 0 {
		l.follower = ticket.NewFollower(store, now)
	}
	l.clients[c] = true
	delete(l.present, c.ticket) // the newcomer is told who is there
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

func (l *live) leave(c *liveClient) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(c)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// staffLive is the stream of a page of the desk: what changed, and with
// ?ticket= who else has that ticket open. Being connected is having it open.
func (s *Server) staffLive(c *gin.Context, m *ticket.Staff) error {
	ctx, now := c.Request.Context(), s.opt.Clock.Now()
	client := &liveClient{page: deflect.NewID(), staff: m.ID, ticket: c.Query("ticket"), writing: c.Query("writing") == "1", events: make(chan liveEvent, liveQueue)}
	if client.ticket != "" {
		if _, err := s.opt.Support.Store.TicketByID(ctx, client.ticket); err != nil {
			return err
		}
	}
	missed, err := s.missedEvents(ctx, c.GetHeader("Last-Event-ID"), now)
	if err != nil {
		return err
	}
	if err := s.renew(ctx, client); err != nil {
		return err
	}
	if err := s.live.join(client, s.opt.Support.Store, now); err != nil {
		return err
	}
	defer func() {
		s.live.leave(client)
		s.endPresence(context.WithoutCancel(ctx), client)
	}()
	h := c.Writer.Header()
	s.secure(h, nil)
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Writer.WriteHeader(http.StatusOK)
	s.stream(c, client, missed)
	return nil
}

// missedEvents is what happened since the event that a returning browser saw
// last.
func (s *Server) missedEvents(ctx context.Context, last string, now time.Time) (liveEvent, error) {
	ms, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return liveEvent{name: "hello", id: strconv.FormatInt(now.UnixMilli(), 10), data: []byte("{}")}, nil
	}
	changes, err := s.opt.Support.Store.TicketChanges(ctx, time.UnixMilli(ms), "", liveBatch)
	return changeEvent(changes, now), err
}

// stream writes events until the browser leaves, the session ends or the
// server stops.
func (s *Server) stream(c *gin.Context, client *liveClient, first liveEvent) {
	ctx, out := c.Request.Context(), http.NewResponseController(c.Writer)
	send := func(text string) bool {
		// In the machine's own time, whatever the site's clock says.
		if err := out.SetWriteDeadline(clock.System{}.Now().Add(liveWrite)); err != nil {
			return false
		}
		if _, err := c.Writer.WriteString(text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !send("retry: 2000\n" + first.text()) {
		return
	}
	beat := time.NewTicker(liveHeartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.live.closed:
			return
		case e, ok := <-client.events:
			if !ok || !send(e.text()) {
				return
			}
		case <-beat.C:
			if !s.stillSignedIn(c) || s.renew(ctx, client) != nil || !send(": alive\n\n") {
				return
			}
		}
	}
}

func (e liveEvent) text() string {
	id := ""
	if e.id != "" {
		id = "id: " + e.id + "\n"
	}
	return id + "event: " + e.name + "\ndata: " + string(e.data) + "\n\n"
}

// renew says that the client still has its ticket open. Nobody waits for the
// write, so it lets others go first.
func (s *Server) renew(ctx context.Context, client *liveClient) error {
	if client.ticket == "" {
		return nil
	}
	p := ticket.Presence{TicketID: client.ticket, StaffID: client.staff, Writing: client.writing}
	return s.opt.Support.Store.RenewPresence(jobs.Background(ctx), client.page, p, s.opt.Clock.Now().Add(presenceLease))
}

// endPresence says that a page that shows a ticket is closed.
func (s *Server) endPresence(ctx context.Context, client *liveClient) {
	if client.ticket == "" {
		return
	}
	if err := s.opt.Support.Store.EndPresence(jobs.Background(ctx), client.page); err != nil {
		s.log.Warn("end presence", "err", err)
	}
}

// stillSignedIn looks the session up again: a stream must not outlive it.
func (s *Server) stillSignedIn(c *gin.Context) bool {
	cookie, err := c.Request.Cookie(staffCookie)
	if err != nil {
		return false
	}
	_, _, err = s.opt.Support.Store.StaffBySession(c.Request.Context(), s.sign("session", cookie.Value), s.opt.Clock.Now())
	return err == nil
}
