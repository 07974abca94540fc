//go:build bench

package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// The measurements behind `make bench`: the real program in its own process,
// each figure beside what the machine gives at the same moment. Absolute
// figures move with whatever else runs; the ratios are what to compare.
// RICOCHET_BENCH=1 runs them all, any other value is a pattern of names.

// bench collects the rows of the table.
type bench struct {
	*testing.T
	bin  string
	rows [][6]string
}

// row adds a line: what was measured, the baseline, ours, ours over the
// baseline, the goal, and whether it is met.
func (b *bench) row(mark, baseline, ours, ratio, goal string, ok bool) {
	verdict := "ok"
	if !ok {
		verdict = "MISS"
	}
	if goal == "" {
		verdict = ""
	}
	b.rows = append(b.rows, [6]string{mark, baseline, ours, ratio, goal, verdict})
}

func (b *bench) print() {
	all := append([][6]string{{"mark", "baseline, same run", "Ricochet", "ratio", "goal", ""}}, b.rows...)
	var width [6]int
	for _, r := range all {
		for i, cell := range r {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	rule := [6]string{}
	for i := range rule {
		rule[i] = strings.Repeat("-", max(3, width[i]))
	}
	for _, r := range slices.Insert(all, 1, rule) {
		fmt.Print("|")
		for i, cell := range r {
			fmt.Printf(" %s%s |", cell, strings.Repeat(" ", max(3, width[i])-len([]rune(cell))))
		}
		fmt.Println()
	}
}

// TestBench measures.
func TestBench(t *testing.T) {
	if addr := os.Getenv(benchChild); addr != "" {
		baseline(t, addr)
		return
	}
	pattern := os.Getenv("RICOCHET_BENCH")
	if pattern == "" {
		t.Fatal("RICOCHET_BENCH names no mark; make bench sets it")
	}
	if pattern == "1" {
		pattern = "."
	}
	chosen, err := regexp.Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, bin: os.Getenv("RICOCHET_BENCH_BINARY")}
	if b.bin == "" {
		b.bin = filepath.Join(t.TempDir(), "ricochet")
		build := exec.Command("go", "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", "-s -w", "-o", b.bin, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
	}
	defer b.print()
	for _, m := range []struct {
		name string
		f    func(*bench, *testing.T)
	}{
		{"article", (*bench).articlePage},
		{"tickets", (*bench).tickets},
		{"votes", (*bench).votes}, {"desk", (*bench).desk},
		{"search", (*bench).searching}, {"large", (*bench).searchingLarge},
		{"start", (*bench).starting},
		{"edit", (*bench).editing},
		{"wire", (*bench).onTheWire},
	} {
		if chosen.MatchString(m.name) {
			t.Run(m.name, func(t *testing.T) { m.f(b, t) })
		}
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func measure(t *testing.T, l load) volley { t.Helper(); return must[volley](t)(l.run()) }

func median[T cmp.Ordered](all []T) T {
	s := slices.Clone(all)
	slices.Sort(s)
	return s[len(s)/2]
}

func medianOf(runs []volley, f func(volley) float64) float64 {
	all := make([]float64, len(runs))
	for i, r := range runs {
		all[i] = f(r)
	}
	return median(all)
}

func p99(t volley) float64 { return t.p(99).Seconds() * 1000 }

// waits is the middle of several runs' p50 and p99 in words.
func waits(runs []volley) string {
	return fmt.Sprintf("p50 %.2f, p99 %.1f ms", medianOf(runs, func(t volley) float64 { return t.p(50).Seconds() * 1000 }), medianOf(runs, p99))
}

func perSecond(runs []volley) float64 { return medianOf(runs, volley.rate) }

// side is one server of a comparison.
type side struct {
	addr string
	req  []byte
}

// against runs two sides in turn, round by round, and gives the middle of the
// rounds' ratios of b over a.
func against(t *testing.T, conns int, a, b side) (as, bs []volley, ratio float64) {
	t.Helper()
	const rounds, each = 5, 1500 * time.Millisecond
	var ratios []float64
	for i := range rounds + 1 {
		x := measure(t, load{addr: a.addr, conns: conns, status: 200, next: always(a.req), until: each})
		y := measure(t, load{addr: b.addr, conns: conns, status: 200, next: always(b.req), until: each})
		if i == 0 {
			continue // caches and heaps are cold
		}
		as, bs, ratios = append(as, x), append(bs, y), append(ratios, y.rate()/x.rate())
	}
	return as, bs, median(ratios)
}

const benchArticle = "/fr/products/vps"

// articlePage compares an article's page with a bare Gin handler that writes
// the same bytes.
func (b *bench) articlePage(t *testing.T) {
	site := serveSite(t, b.bin, "", t.TempDir())
	defer site.stop()
	req := getBytes(site.addr, benchArticle)
	_, answer, err := fetch(site.addr, req)
	if err != nil {
		t.Fatal(err)
	}
	page := answer[strings.Index(string(answer), "\r\n\r\n")+4:]
	bare := startBaseline(t, page)
	defer bare.stop()
	as, bs, ratio := against(t, 32, side{bare.addr, getBytes(bare.addr, "/page")}, side{site.addr, req})
	b.row("article page, 32 connections", fmt.Sprintf("%.0f/s (bare Gin, same bytes)", perSecond(as)), fmt.Sprintf("%.0f/s", perSecond(bs)),
		fmt.Sprintf("%.2f", ratio), ">= 0.80", ratio >= 0.8)
	b.row("article page, waits", waits(as), waits(bs), fmt.Sprintf("%.2f", medianOf(bs, p99)/medianOf(as, p99)), "p99 <= 10 ms", medianOf(bs, p99) <= 10)
}

// ticketTexts is what people write: subject, message and category. One in ten
// is an outage, as the rules see it.
var ticketTexts = func() [][3]string {
	down := [3]string{"Mon VPS ne répond plus depuis ce matin", "Bonjour,\n\nDepuis 8 h mon serveur ne répond plus au ping et la console affiche « erreur 504 ». " +
		"J'ai redémarré deux fois sans effet. Pouvez-vous regarder ?\n\nMerci, Camille", "technical"}
	others := [][3]string{
		{"Montant de ma facture", "Bonjour,\n\nLa facture du mois dernier compte deux fois le stockage du même serveur. Pouvez-vous vérifier le montant et me dire " +
			"quand la différence me sera rendue ?\n\nMerci, Camille", "billing"},
		{"Comment agrandir un disque ?", "Bonjour,\n\nJe voudrais agrandir le disque de mon VPS sans perdre ce qui s'y trouve. Est-ce que la machine doit être arrêtée ? " +
			"Combien de temps cela prend-il ?\n\nMerci, Camille", "how-to"},
		{"Site lent le soir", "Bonjour,\n\nDepuis trois jours notre site est très lent entre 19 h et 22 h, alors que le processeur est peu chargé. " +
			"Avez-vous changé quelque chose au réseau ?\n\nMerci, Camille", ""},
	}
	all := [][3]string{down}
	for i := range 9 {
		all = append(all, others[i%len(others)])
	}
	return all
}()

// ticketRequest is a contact form of somebody new.
func ticketRequest(addr, run string, i int) []byte {
	text := ticketTexts[i%len(ticketTexts)]
	form := url.Values{
		"form_token": {fmt.Sprintf("bench-%s-%016d", run, i)}, "email": {fmt.Sprintf("somebody.%s.%d@example-%d.com", run, i, i%997)},
		"name": {"Camille Martin"}, "category": {text[2]}, "urgency": {"medium"}, "impact": {"medium"},
		"subject": {text[0]}, "message": {text[1]}, "send": {"anyway"}, "script": {"1"},
	}
	return postBytes(addr, "/fr/contact", form.Encode(), fmt.Sprintf("Cookie: visit=%s-visitor-%016d", run, i))
}

// apiRequest is the same ticket by a program.
func apiRequest(addr, token, run string, i int) []byte {
	text := ticketTexts[i%len(ticketTexts)]
	body, err := json.Marshal(map[string]string{
		"email": fmt.Sprintf("somebody.%s.%d@example-%d.com", run, i, i%997), "name": "Camille Martin", "lang": "fr", "category": text[2],
		"urgency": "medium", "impact": "medium", "subject": text[0], "message": text[1],
	})
	if err != nil {
		panic(err) // strings marshal
	}
	return fmt.Appendf(nil, "POST /api/v1/tickets HTTP/1.1\r\nHost: %s\r\nUser-Agent: console/1.0\r\nAuthorization: Bearer %s\r\n"+
		"Idempotency-Key: bench-%s-%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, token, run, i, len(body), body)
}

// openRows opens a site's database beside it, for counting.
func openRows(t *testing.T, data string) *sql.DB {
	t.Helper()
	db := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(data, store.FileName)+"?mode=ro&_pragma=busy_timeout(5000)"))
	t.Cleanup(func() { db.Close() })
	return db
}

func count(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// way is how tickets are sent in a measurement.
type way struct {
	name  string
	conns int
	api   bool
}

// tickets sends contact forms and API requests and checks every one of them in
// the database. Each round is measured with its own baseline, the same rows
// without a program around them, and starts when the mails of the one before
// are written.
func (b *bench) tickets(t *testing.T) {
	data := t.TempDir()
	site := serveSite(t, b.bin, "", data)
	defer site.stop()
	made := exec.Command(b.bin, "token", "--data", data, "--scope", "tickets:write", "bench")
	made.Dir = t.TempDir() // no ricochet.yaml
	token := strings.TrimSpace(string(must[[]byte](t)(made.Output())))
	rows := openRows(t, data)
	sent := 0
	send := func(w way, n int) (got volley, left int, drained time.Duration) {
		reqs := make([][]byte, n)
		status := http.StatusSeeOther
		for i := range reqs {
			if w.api {
				status, reqs[i] = http.StatusCreated, apiRequest(site.addr, token, fmt.Sprint(sent), i)
			} else {
				reqs[i] = ticketRequest(site.addr, fmt.Sprint(sent), i)
			}
		}
		got = measure(t, load{addr: site.addr, conns: w.conns, status: status, next: deal(reqs, w.conns)})
		sent += n
		if have := count(t, rows, "SELECT COUNT(*) FROM tickets"); have != sent || got.n != n {
			t.Errorf("%d sent, %d answered, %d tickets in the database", sent, got.n, have)
		}
		left = count(t, rows, "SELECT COUNT(*) FROM jobs WHERE run_at <= "+fmt.Sprint(time.Now().UnixMilli()))
		start := time.Now()
		for count(t, rows, "SELECT COUNT(*) FROM jobs WHERE run_at <= "+fmt.Sprint(time.Now().UnixMilli())) > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		return got, left, time.Since(start)
	}
	ways := []way{{"form", 8, false}, {"form", 32, false}, {"API", 32, true}}
	send(way{conns: 32}, 4_000) // warms the program and gives the database some size
	runs, ratios := make([][]volley, len(ways)), make([][]float64, len(ways))
	bare := map[bool][]float64{}
	var mails []float64
	for range 3 {
		machine := map[bool]float64{false: bareTickets(t, 32, false), true: bareTickets(t, 32, true)}
		for api, rate := range machine {
			bare[api] = append(bare[api], rate)
		}
		for i, w := range ways {
			got, left, drained := send(w, 5_000)
			runs[i] = append(runs[i], got)
			ratios[i] = append(ratios[i], got.rate()/machine[w.api])
			mails = append(mails, float64(left)/2/drained.Seconds())
		}
	}
	for i, w := range ways {
		b.row(fmt.Sprintf("durable tickets, %s, %d connections", w.name, w.conns), fmt.Sprintf("%.0f/s (bare inserts, 32 a commit)", median(bare[w.api])),
			fmt.Sprintf("%.0f/s, %s", perSecond(runs[i]), waits(runs[i])), fmt.Sprintf("%.2f", median(ratios[i])), ">= 2,000/s, p99 <= 25 ms",
			perSecond(runs[i]) >= 2000 && medianOf(runs[i], p99) <= 25)
	}
	b.row("acknowledgements written afterwards", "", fmt.Sprintf("%.0f mails/s", median(mails)), "", "", true)
	if mails := count(t, rows, "SELECT COUNT(*) FROM mails WHERE kind = 'acknowledgement' AND state = 'sent'"); mails != sent {
		t.Errorf("%d tickets, %d acknowledgements", sent, mails)
	}
	b.drawnPage(t, site)
}

// bareTickets is how many tickets a second go into the same tables with no
// program around them: each with its person, event, message, attempt, ledger
// and job, so many in a commit. A ticket by API has no attempt.
func bareTickets(t *testing.T, perCommit int, api bool) float64 {
	t.Helper()
	dir := t.TempDir()
	made := must[*store.DB](t)(store.Open(context.Background(), store.Options{Dir: dir, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}))
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	db := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(dir, store.FileName)+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=cache_size(-16000)&_txlock=immediate"))
	defer db.Close()
	db.SetMaxOpenConns(1)
	body := strings.Repeat("Depuis 8 h mon serveur ne répond plus. ", 6)
	inserts := []string{
		"INSERT INTO persons VALUES (?1, ?1 || '@example.com', 'Camille', 'fr', NULL, NULL, 1)",
		`INSERT INTO tickets (id, number, form_token, access_hash, person_id, visitor, channel, lang, category, urgency, impact, tier, priority,
			state, subject, assignee, received_at, updated_at, version, next_due, next_target, sla, wake_at, queue)
			VALUES (?1, ?1, 'f' || ?1, 'a' || ?1, ?1, 'v' || ?1, 'form', 'fr', 'technical', 'medium', 'medium', 'free', 'P3',
			'new', 'Mon VPS ne répond plus', NULL, 1, 1, 1, 2, 'first_response', '` + strings.Repeat("x", 500) + `', 2, 'cre')`,
		"INSERT INTO ticket_events VALUES (?1, 1, 1, 'created', 'customer', ?1, '', '" + strings.Repeat("x", 350) + "')",
		"INSERT INTO messages VALUES (?1, ?1, 'customer', NULL, 1, '" + body + "', 1, ?1)",
		"INSERT INTO jobs VALUES (?1, 'ticket.created', 'd' || ?1, '{}', 'available', 1, 0, 0, '', '', 1)",
		`INSERT INTO attempts (id, form_token, unit, visitor, person_id, lang, category, script, counted, started_at, active_at, shown, opened,
			dwell_ms, outcome, outcome_at, article, ticket_id, revoked_at, revoked_by) VALUES (?1, 'f' || ?1, ?1, 'v' || ?1, ?1, 'fr', 'technical', 1, 1, 1, 1, 0, '', 0, 'ticket', 1, '', ?1, NULL, NULL)`,
		"INSERT INTO ledger VALUES (?1, ?1, 1, 'started', '', '')",
		"INSERT INTO ledger VALUES ('t' || ?1, ?1, 1, 'ticket', '', '" + strings.Repeat("x", 50) + "')",
	}
	if api {
		inserts = inserts[:5]
	}
	return bareInserts(t, db, inserts, perCommit)
}

// bareInserts runs the statements with a fresh id each time for two seconds
// and gives ids a second.
func bareInserts(t *testing.T, db *sql.DB, inserts []string, perCommit int) float64 {
	t.Helper()
	var ready []*sql.Stmt
	for _, q := range inserts {
		ready = append(ready, must[*sql.Stmt](t)(db.Prepare(q)))
	}
	n := 0
	start := time.Now()
	for time.Since(start) < time.Second {
		tx := must[*sql.Tx](t)(db.Begin())
		for range perCommit {
			n++
			id := fmt.Sprintf("0190aaaa-bbbb-7ccc-8ddd-%012d", n)
			for _, s := range ready {
				if _, err := tx.Stmt(s).Exec(id); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return float64(n) / time.Since(start).Seconds()
}

var benchRequestLink = regexp.MustCompile(`/fr/request/[A-Za-z0-9._-]+`)

// drawnPage compares "my request", read from the database and drawn for each
// visit, with a Gin handler that reads one row and fills a small template.
func (b *bench) drawnPage(t *testing.T, site *process) {
	mails, err := filepath.Glob(filepath.Join(site.data, "outbox", "*.eml"))
	if err != nil || len(mails) == 0 {
		t.Fatalf("no mail in the outbox: %v", err)
	}
	text := must[[]byte](t)(os.ReadFile(mails[0]))
	plain := must[[]byte](t)(io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(text)))))
	link := benchRequestLink.Find(plain)
	if link == nil {
		t.Fatalf("no link in %s", plain)
	}
	bare := startBaseline(t, text)
	defer bare.stop()
	as, bs, ratio := against(t, 32, side{bare.addr, getBytes(bare.addr, "/row")}, side{site.addr, getBytes(site.addr, string(link))})
	b.row("\"my request\", drawn from the database", fmt.Sprintf("%.0f/s (Gin, a row, a template)", perSecond(as)),
		fmt.Sprintf("%.0f/s, %s", perSecond(bs), waits(bs)), fmt.Sprintf("%.2f", ratio), ">= 5,000/s", perSecond(bs) >= 5000)
}

// votes casts votes of many visitors, and reads articles meanwhile.
func (b *bench) votes(t *testing.T) {
	data := t.TempDir()
	site := serveSite(t, b.bin, "", data)
	defer site.stop()
	rows := openRows(t, data)
	bareDir := t.TempDir()
	db := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(bareDir, "v.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"))
	defer db.Close()
	must[sql.Result](t)(db.Exec("CREATE TABLE votes (article TEXT, voter TEXT, helpful INT, at INT, PRIMARY KEY (article, voter)) "))
	bare := bareInserts(t, db, []string{"INSERT INTO votes VALUES ('products/vps', ?1, 1, 1)"}, 32)

	sent := 0
	cast := func(n int) [][]byte {
		reqs := make([][]byte, n)
		for i := range reqs {
			reqs[i] = postBytes(site.addr, "/fr/vote", "article=products%2Fvps&value=yes", "Accept: application/json",
				fmt.Sprintf("Cookie: visit=voter-%016d", sent+i))
		}
		sent += n
		return reqs
	}
	measure(t, load{addr: site.addr, conns: 32, status: 204, next: deal(cast(5_000), 32)})
	got := measure(t, load{addr: site.addr, conns: 32, status: 204, next: deal(cast(30_000), 32)})
	b.row("votes, 32 connections", fmt.Sprintf("%.0f/s (bare inserts, 32 a commit)", bare), fmt.Sprintf("%.0f/s", got.rate()),
		fmt.Sprintf("%.2f", got.rate()/bare), ">= 5,000/s", got.rate() >= 5000)

	// The load that is promised, beside readers who do not fill the machine by
	// themselves: what a page waits for then is the votes' doing.
	read := load{addr: site.addr, conns: 32, status: 200, next: always(getBytes(site.addr, benchArticle)), pace: 16 * time.Millisecond, until: 2 * time.Second}
	var quiet, busy []volley
	for range 3 {
		quiet = append(quiet, measure(t, read))
		done := make(chan error, 1)
		reqs := cast(5_000 * 2)
		go func() {
			_, err := load{addr: site.addr, conns: 32, status: 204, next: deal(reqs, 32), pace: 6400 * time.Microsecond}.run()
			done <- err
		}()
		busy = append(busy, measure(t, read))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	ratio := medianOf(busy, p99) / medianOf(quiet, p99)
	b.row("article at 2,000/s beside 5,000 votes/s", waits(quiet)+" (no votes)", waits(busy), fmt.Sprintf("%.2f", ratio), "p99 <= 1.5 times", ratio <= 1.5)
	if have := count(t, rows, "SELECT COUNT(*) FROM votes"); have != sent {
		t.Errorf("%d votes sent, %d in the database", sent, have)
	}
}

// pick is a request for any of paths, the same order every time.
func pick(addr string, paths []string, n int) [][]byte {
	rng := rand.New(rand.NewPCG(3, 4))
	reqs := make([][]byte, n)
	for i := range reqs {
		reqs[i] = getBytes(addr, paths[rng.IntN(len(paths))])
	}
	return reqs
}
