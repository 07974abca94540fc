//go:build bench

package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

const (
	deskTickets = 100_000
	deskRounds  = 40
)

// desk measures the list of tickets and their search with 100,000 of them, all
// of them open: the list and its counts cannot leave any out.
func (b *bench) desk(t *testing.T) {
	data := t.TempDir()
	fillDesk(t, data)
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	base := "http://" + ln.Addr().String()
	cmd := &serveCmd{Data: data, BaseURL: base, DefaultLang: "fr", Zone: "Europe/Paris", RateLimit: "off", AttachmentMiB: 10, MailFrom: "bench@example.org"}
	a := must[*app](t)(cmd.open(t.Context(), clock.System{}, slog.New(slog.NewTextHandler(io.Discard, nil))))
	srv := &http.Server{Handler: a.web}
	go func() { _ = srv.Serve(ln) }()
	defer func() {
		_ = srv.Close()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	jar := must[*cookiejar.Jar](t)(cookiejar.New(nil))
	client := &http.Client{Jar: jar}
	link := must[*url.URL](t)(url.Parse(must[string](t)(a.setupLink(t.Context(), base))))
	res := must[*http.Response](t)(client.PostForm(base+"/staff/setup", url.Values{
		"token": {link.Query().Get("token")}, "name": {"Sam"}, "email": {staffEmail}, "password": {staffPassword},
	}))
	_ = res.Body.Close()
	began := time.Now()
	x := &ticket.Indexer{Store: a.db, Index: ticketIndex{a.texts}, Log: a.log, Now: a.clock.Now}
	for more := true; more; {
		var err error
		if more, _, err = x.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.row("index of 100,000 tickets made anew", "", fmt.Sprintf("%.0f s", time.Since(began).Seconds()), "", "", true)
	for _, m := range []struct {
		mark  string
		limit time.Duration
		paths []string
	}{
		{"queue page, 100,000 open tickets", 50 * time.Millisecond, []string{"/staff", "/staff?assignee=none", "/staff?priority=P1&tier=business", "/staff?lang=en&category=billing"}},
		{"ticket search, 100,000 tickets", 100 * time.Millisecond, []string{"/staff/search?q=facture", "/staff/search?q=facture+serveur+panne", "/staff/search?q=tier:business+facture", "/staff/search?q=%22facture+connexion%22"}},
	} {
		for _, p := range m.paths {
			took := visits(t, client, base+p)
			b.row(m.mark+" "+p, "", fmt.Sprintf("%.1f ms, p95 %.1f", ms(took[len(took)/2]), ms(took[len(took)*95/100])), "",
				fmt.Sprintf("%.0f ms", ms(m.limit)), took[len(took)/2] <= m.limit)
		}
	}
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// visits opens a page several times, one after the other, and gives the times
// in order.
func visits(t *testing.T, client *http.Client, address string) []time.Duration {
	t.Helper()
	var took []time.Duration
	for range deskRounds {
		start := time.Now()
		res := must[*http.Response](t)(client.Get(address))
		body := must[[]byte](t)(io.ReadAll(res.Body))
		_ = res.Body.Close()
		took = append(took, time.Since(start))
		if res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`class="row`)) {
			t.Fatalf("%s: %s without a ticket", address, res.Status)
		}
	}
	slices.Sort(took)
	return took
}

// fillDesk stores the tickets, as unlike each other as those of a year.
func fillDesk(t *testing.T, data string) {
	t.Helper()
	db := must[*store.DB](t)(store.Open(t.Context(), store.Options{Dir: data, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}))
	words := strings.Fields("serveur facture connexion disque réseau mémoire sauvegarde certificat domaine paiement instance lenteur panne erreur accès migration volume console token clé")
	for i := len(words); i < 20_000; i++ {
		words = append(words, fmt.Sprintf("mot%d", i))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pick := rand.NewZipf(rng, 1.05, 30, uint64(len(words)-1))
	now := clock.System{}.Now()
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[pick.Uint64()] + " ")
		}
		return strings.TrimSpace(b.String())
	}
	for from := 0; from < deskTickets; from += 1000 {
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			for i := from; i < from+1000; i++ {
				if err := insertDesk(tx, i, now, text, rng); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func insertDesk(tx *store.Tx, i int, now time.Time, text func(int) string, rng *rand.Rand) error {
	id := fmt.Sprintf("0193b5c0-0000-7000-8000-%012d", i)
	p, err := tx.PersonByEmail(intake.Person{ID: "p" + id, Email: fmt.Sprintf("person%d@example.org", i%5000), Name: fmt.Sprintf("Person %d", i%5000), Lang: "fr"})
	if err != nil {
		return err
	}
	at := now.Add(-time.Duration(rng.IntN(90*24)) * time.Hour)
	k := ticket.Ticket{
		ID: id, Number: fmt.Sprintf("VM-%04d-%02d", i/100, i%100), AccessHash: "hash" + id, PersonID: p.ID, Channel: ticket.ByForm, Lang: []string{"fr", "en"}[rng.IntN(2)],
		Category: contactCategory(rng), Tier: ticket.Tiers[rng.IntN(4)], Priority: ticket.Priorities[1+rng.IntN(4)], State: ticket.New, Subject: text(6),
		ReceivedAt: at, UpdatedAt: at, Version: 1, Queue: ticket.GeneralQueue, Level: ticket.L1,
		SLA: []ticket.Target{
			{Name: "first_response", State: "running", Running: true, Kind: "contractual", Due: now.Add(time.Duration(rng.IntN(5000)-2500) * time.Minute), Calendar: "business", Zone: "Europe/Paris"},
			{Name: "resolution", State: "running", Running: true, Kind: "contractual", Due: now.Add(time.Duration(rng.IntN(9000)) * time.Minute), Calendar: "business", Zone: "Europe/Paris"},
		},
	}
	if _, err := tx.InsertTicket(k, ""); err != nil {
		return err
	}
	m := ticket.Message{ID: "m" + id, TicketID: id, Author: ticket.ByCustomer, Public: true, Body: text(80), At: at}
	if err := tx.AppendEvent(id, ticket.Event{Seq: 1, At: at, Kind: ticket.Created, Data: ticket.EventData{MessageID: m.ID, Tier: k.Tier, Priority: k.Priority}}); err != nil {
		return err
	}
	return tx.InsertMessage(m)
}

func contactCategory(rng *rand.Rand) string {
	return []string{"technical", "billing", "account", "how-to", ""}[rng.IntN(5)]
}
