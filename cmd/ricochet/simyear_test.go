package main

import (
	"container/heap"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
	"github.com/vmcloud/ricochet/web"
)

// TestSoakSimulatedYear lets the program live through a year in minutes, under
// a clock that the test sets: tickets of every tier, answers, pauses, changes
// of priority, reopenings, both changes of the hour and every holiday. It is
// killed with SIGKILL at random moments; half of the year's tickets are in
// SQLite with one process, half in PostgreSQL with two. Afterwards everything
// that was due must have happened exactly once, and the log must give back
// every stored ticket byte for byte. RICOCHET_SOAK=1 takes 5,000 tickets and
// 50 kills, which is an hour on two busy cores; RICOCHET_SIM_TICKETS and RICOCHET_SIM_KILLS say other numbers.
func TestSoakSimulatedYear(t *testing.T) {
	tickets, kills := 24, 4
	if os.Getenv("RICOCHET_SOAK") != "" {
		tickets, kills = 5000, 50
	}
	tickets, kills = envInt(t, "RICOCHET_SIM_TICKETS", tickets), envInt(t, "RICOCHET_SIM_KILLS", kills)
	binary := filepath.Join(testFolder, "ricochet-sim")
	build := exec.Command("go", "build", "-trimpath", "-tags", "simclock", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		y := newYear(t, binary, tickets/2, kills/2, 1)
		y.start(data)
		y.db = database(t, data, "")
		y.live()
		y.judge(store.Options{Dir: data})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := storetest.Postgres(t)
		y := newYear(t, binary, tickets/2, kills/2, 2)
		y.args = append(y.args, "--database", dsn)
		y.start(t.TempDir(), t.TempDir())
		y.db = open(t, "pgx", dsn)
		y.live()
		y.judge(store.Options{Database: dsn})
	})
}

func envInt(t *testing.T, name string, or int) int {
	text := os.Getenv(name)
	if text == "" {
		return or
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: want a number", name, text)
	}
	return n
}

// The year that is lived: both changes of the hour and eleven holidays.
var (
	yearStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	yearEnd   = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

// year is one simulated year on one database.
type year struct {
	t       *testing.T
	binary  string
	args    []string
	folders []string
	sites   []*site
	db      *sql.DB
	rnd     *rand.Rand
	clock   string // file
	now     time.Time
	plan    plan
	tickets int
	kills   []time.Time // still to come
	token   string      // of the API
	secret  []byte
	staff   *visitor
	sink    *sink
	deeds   map[string]int // what people did, for the report
}

func newYear(t *testing.T, binary string, tickets, kills int, seed uint64) *year {
	y := &year{
		t: t, binary: binary, tickets: tickets, kills: make([]time.Time, kills), rnd: rand.New(rand.NewPCG(seed, 2026)), deeds: map[string]int{},
		clock: filepath.Join(t.TempDir(), "clock"), sink: &sink{got: map[string]map[string]int{}},
	}
	server := httptest.NewServer(y.sink)
	t.Cleanup(server.Close)
	channels := filepath.Join(t.TempDir(), "channels.yaml")
	text := "channels:\n  - name: sink\n    kind: webhook\n    url: " + server.URL + "\n    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n" +
		"    events: [ticket, alert, page, escalation, breach]\nallow: [127.0.0.0/8]\n"
	if err := os.WriteFile(channels, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	y.args = []string{"--rate-limit", "off", "--channels", channels, "--log-level", "error"}
	y.set(yearStart)
	return y
}

// set moves the clock; it never goes back.
func (y *year) set(t time.Time) {
	if t.Before(y.now) {
		return
	}
	y.now = t.Truncate(time.Millisecond)
	next := y.clock + ".next"
	if err := os.WriteFile(next, []byte(strconv.FormatInt(y.now.UnixMilli(), 10)), 0o600); err != nil {
		y.t.Fatal(err)
	}
	if err := os.Rename(next, y.clock); err != nil {
		y.t.Fatal(err)
	}
}

// start brings up one process per data folder and what they need.
func (y *year) start(folders ...string) {
	y.folders, y.sites = folders, make([]*site, len(folders))
	for i := range folders {
		y.begin(i)
	}
	// Each start makes a new link for the first account. Whoever acts is not
	// shown the page that comes after it: its making is no part of this test.
	y.staff = y.sites[len(y.sites)-1].staffBy("en", &http.Client{Jar: jar{}, Timeout: patience})
	y.staff.client.CheckRedirect = stay
	token, err := ricochet(y.t, append([]string{"token", "--scope", "tickets:write", "sim"}, y.where()...)...)
	if err != nil {
		y.t.Fatal(err)
	}
	y.token = strings.TrimSpace(token)
	list := filepath.Join(y.t.TempDir(), "customers.csv")
	csv := "match,company,contract,mrr\nstandard.example,S,,100\nbusiness.example,B,,900\nenterprise.example,E,enterprise,9000\n"
	if err := os.WriteFile(list, []byte(csv), 0o600); err != nil {
		y.t.Fatal(err)
	}
	if _, err := ricochet(y.t, append([]string{"customers", "import", list}, y.where()...)...); err != nil {
		y.t.Fatal(err)
	}
}

// where names the database to a subcommand.
func (y *year) where() []string {
	for i, a := range y.args {
		if a == "--database" {
			return y.args[i : i+2]
		}
	}
	return []string{"--data", y.folders[0]}
}

func (y *year) begin(i int) {
	y.sites[i] = serveBinary(y.t, y.binary, y.folders[i], []string{"env", "RICOCHET_TEST_CLOCK=" + y.clock}, y.args...)
	y.sites[i].mishaps = true // a killed client's connection may be logged
}

// deed is something a person may do to a ticket, or a new ticket's number.
type deed struct {
	at   time.Time
	key  string // idempotency key of the ticket
	id   string // "" until it is made
	left int    // further steps of this ticket
}

// plan is the deeds to come, the next one first.
type plan []*deed

func (p plan) Len() int           { return len(p) }
func (p plan) Less(i, j int) bool { return p[i].at.Before(p[j].at) }
func (p plan) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *plan) Push(x any)        { *p = append(*p, x.(*deed)) }
func (p *plan) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}

// live goes through the year: from one thing that happens to the next, be it a
// person's or a timer's, with the processes killed in between.
func (y *year) live() {
	y.prepare()
	for y.plan.Len() > 0 {
		next := heap.Pop(&y.plan).(*deed)
		y.until(next.at)
		if y.t.Failed() {
			return
		}
		y.act(next)
		for len(y.kills) > 0 && y.now.After(y.kills[0]) {
			y.kill()
		}
	}
	for len(y.kills) > 0 {
		y.kill()
	}
	y.until(yearEnd.Add(30 * 24 * time.Hour))
	y.staff = nil
	for _, s := range y.sites {
		s.stop()
	}
}

func (y *year) prepare() {
	// Nobody signs in anew all year: proving a password takes longer than all
	// the rest of what a person does.
	y.exec(fmt.Sprintf("UPDATE staff_sessions SET expires_at = %d", yearEnd.AddDate(1, 0, 0).UnixMilli()))
	y.exec("INSERT INTO staff (id, email, name, lang, role, password_hash, created_at) VALUES ('sim-agent', 'agent@vmcloud.example', 'Agent', 'fr', 'agent', 'x', 0)")
	for _, role := range []string{"lead", "manager", "director"} {
		y.exec(fmt.Sprintf("INSERT INTO staff (id, email, name, lang, role, password_hash, created_at) VALUES ('sim-%[1]s', '%[1]s@vmcloud.example', '%[1]s', 'en', '%[1]s', 'x', 0)", role))
	}
	db, err := store.Open(y.t.Context(), y.options())
	if err != nil {
		y.t.Fatal(err)
	}
	if y.secret, err = db.Secret(y.t.Context()); err != nil {
		y.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		y.t.Fatal(err)
	}
	someday := func() time.Time { return yearStart.Add(time.Duration(y.rnd.Int64N(int64(364 * 24 * time.Hour)))) }
	for i := range y.kills {
		y.kills[i] = someday()
	}
	slices.SortFunc(y.kills, time.Time.Compare)
	for i := range y.tickets {
		y.plan = append(y.plan, &deed{at: someday(), key: fmt.Sprintf("sim-%d", i), left: 3 + y.rnd.IntN(6)})
	}
	heap.Init(&y.plan)
}

func (y *year) options() store.Options {
	o := store.Options{Clock: fixedClock(y.now), Log: discard}
	for i, a := range y.args {
		if a == "--database" {
			o.Database = y.args[i+1]
			return o
		}
	}
	o.Dir = y.folders[0]
	return o
}

func (y *year) exec(query string) {
	if _, err := y.db.Exec(query); err != nil {
		y.t.Fatalf("%s: %v", query, err)
	}
}

func (y *year) number(query string) int64 {
	var n sql.NullInt64
	if err := y.db.QueryRow(query).Scan(&n); err != nil {
		y.t.Fatalf("%s: %v", query, err)
	}
	return n.Int64
}

// until lets time pass up to an instant, stopping at each at which a timer or
// a job is due, so that all is done when it is due.
func (y *year) until(at time.Time) {
	for {
		y.quiet()
		next := y.number("SELECT MIN(x) FROM (SELECT MIN(wake_at) AS x FROM tickets UNION ALL SELECT MIN(run_at) FROM jobs WHERE state = 'available') u")
		if next == 0 || time.UnixMilli(next).After(at) {
			break
		}
		y.set(time.UnixMilli(next))
	}
	y.set(at)
	y.quiet()
}

// quiet waits until nothing is due. Work that a killed process had in hand is
// given back when its lease is over.
func (y *year) quiet() {
	deadline := time.Now().Add(patience)
	for {
		y.set(y.now) // makes the processes look
		now := y.now.UnixMilli()
		due := y.number(fmt.Sprintf("SELECT (SELECT COUNT(*) FROM tickets WHERE wake_at <= %[1]d) + (SELECT COUNT(*) FROM jobs WHERE state = 'available' AND run_at <= %[1]d)", now))
		held := y.number(fmt.Sprintf("SELECT COUNT(*) FROM jobs WHERE state = 'running' OR state = 'dead' AND run_at > %d", now))
		if due == 0 && held == 0 {
			return
		}
		if time.Now().After(deadline) {
			y.stuck()
			y.t.Fatalf("at %s: %d things are due and %d in hand, and stay so", y.now, due, held)
		}
		time.Sleep(2 * time.Millisecond) // a poll of another process's work
	}
}

// stuck says what the work is that does not end, and has the processes write
// what they are doing to their logs.
func (y *year) stuck() {
	rows, err := y.db.Query("SELECT id, kind, state, run_at, lease_until, worker, attempts, last_error FROM jobs ORDER BY state DESC, run_at LIMIT 10")
	if err != nil {
		y.t.Error(err)
		return
	}
	defer rows.Close() //nolint:errcheck // the test has failed already
	for rows.Next() {
		var id, kind, state, worker, reason string
		var runAt, lease, attempts int64
		if err := rows.Scan(&id, &kind, &state, &runAt, &lease, &worker, &attempts, &reason); err != nil {
			y.t.Error(err)
		}
		y.t.Logf("job %s %s %s, to run %s, leased until %s by %q, run %d times: %s", id, kind, state,
			time.UnixMilli(runAt).UTC(), time.UnixMilli(lease).UTC(), worker, attempts, reason)
	}
	for _, s := range y.sites {
		if err := s.cmd.Process.Signal(syscall.SIGQUIT); err == nil {
			<-s.ended
		}
	}
}

// kill ends a process in the middle of whatever it does and starts it again.
func (y *year) kill() {
	i := y.rnd.IntN(len(y.sites))
	y.kills = y.kills[1:]
	y.deeds["kill"]++
	// Work is set off first, so that the kill falls into it.
	next := y.number("SELECT MIN(wake_at) FROM tickets")
	if next > 0 {
		y.set(time.UnixMilli(next))
	}
	time.Sleep(time.Duration(y.rnd.IntN(12)) * time.Millisecond) // a random moment is the point
	y.sites[i].kill()
	y.begin(i)
	y.set(y.now.Add(2*time.Minute + time.Second)) // leases end
}

// act does what a person would, given where the ticket stands.
func (y *year) act(s *deed) {
	if s.id == "" {
		y.create(s)
	} else {
		y.move(s)
	}
	if s.left--; s.left < 0 {
		return
	}
	// Minutes, hours or days until the next: most answers are quick.
	wait := time.Duration(y.rnd.ExpFloat64() * float64([]time.Duration{20 * time.Minute, 3 * time.Hour, 30 * time.Hour, 80 * time.Hour}[y.rnd.IntN(4)]))
	s.at = y.now.Add(wait + time.Duration(y.rnd.IntN(1000))*time.Millisecond)
	heap.Push(&y.plan, s)
}

func (y *year) create(s *deed) {
	domain := []string{"free", "standard", "business", "enterprise"}[y.rnd.IntN(4)]
	level := func() string { return []string{"low", "low", "medium", "high"}[y.rnd.IntN(4)] }
	lang := []string{"fr", "en"}[y.rnd.IntN(2)]
	body := fmt.Sprintf(`{"email":"%s@%s.example","lang":%q,"subject":"sim","message":"Bonjour","urgency":%q,"impact":%q}`, s.key, domain, lang, level(), level())
	p := y.site().api("/api/v1/tickets", y.token, s.key, body)
	p.want(y.t, "a new ticket", http.StatusCreated)
	s.id = p.ticket(y.t).ID
	y.deeds["create"]++
}

func (y *year) site() *site { return y.sites[y.rnd.IntN(len(y.sites))] }

// move does one thing that the state allows.
func (y *year) move(s *deed) {
	var state string
	var version int64
	if err := y.db.QueryRow("SELECT state, version FROM tickets WHERE id = '"+s.id+"'").Scan(&state, &version); err != nil {
		y.t.Fatal(err)
	}
	path := "/staff/tickets/" + s.id
	form := url.Values{"version": {strconv.FormatInt(version, 10)}}
	switch ticket.State(state) {
	case ticket.Closed, ticket.Merged:
		s.left = 0
		return
	case ticket.WaitingCustomer, ticket.Resolved:
		if y.rnd.IntN(2) == 0 {
			return
		}
		y.deeds["customer"]++
		v := y.site().visitor()
		v.client.CheckRedirect = stay
		p := v.post("/fr/request/"+web.AccessToken(y.secret, s.id), url.Values{"message": {"Encore une question"}})
		p.want(y.t, "a customer's message", http.StatusSeeOther)
		return
	default:
		switch n := y.rnd.IntN(100); {
		case n < 55:
			path += "/reply"
			form.Set("action", "send")
			form.Set("reply", "Bonjour, voici.")
			form.Set("then", []string{"", "waiting_customer", "waiting_customer", "resolved"}[y.rnd.IntN(4)])
		case n < 65:
			form.Set("action", "note")
			form.Set("note", "à suivre")
		case n < 78:
			form.Set("action", "priority")
			form.Set("priority", fmt.Sprintf("P%d", 1+y.rnd.IntN(4)))
			form.Set("reason", "sim")
		case n < 88:
			form.Set("action", "state")
			form.Set("state", "resolved")
		case n < 93:
			form.Set("action", "tier")
			form.Set("tier", string(ticket.Tiers[y.rnd.IntN(len(ticket.Tiers))]))
			form.Set("reason", "sim")
		default:
			return
		}
	}
	y.deeds[form.Get("action")]++
	y.staffPost(path, form)
}

// jar keeps cookies without regard to when they end, which is in another time.
type jar map[string]*http.Cookie

// SetCookies keeps cookies.
func (j jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		j[c.Name] = c
	}
}

// Cookies gives them back.
func (j jar) Cookies(*url.URL) []*http.Cookie { return slices.Collect(maps.Values(j)) }

// title finds what a page is called.
var title = regexp.MustCompile(`<title>[^<]*`)

// stay shows where an answer leads to instead of going there.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// staffPost does what a member of the staff does.
func (y *year) staffPost(path string, form url.Values) {
	y.staff.s = y.site()
	if p := y.staff.post(path, form); p.status != http.StatusSeeOther {
		y.t.Fatalf("%s %v: %d %s", path, form, p.status, title.FindString(p.body))
	}
}

// sink receives webhooks, fails one in twenty, and remembers what it was sent
// under which id.
type sink struct {
	mu  sync.Mutex
	n   int
	got map[string]map[string]int // id -> body -> how often
}

// ServeHTTP takes a message, or fails after having taken it.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := r.Header.Get("webhook-id"); err == nil && id != "" {
		if s.got[id] == nil {
			s.got[id] = map[string]int{}
		}
		s.got[id][string(body)]++
	} else {
		err = errors.Join(err, errors.New("no id"))
	}
	if s.n++; err != nil || s.n%20 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
