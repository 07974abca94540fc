package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/internal/htmlcheck"
)

// judged puts a ticket with a bad survey, a detractor, a sample and credits
// into the database of a running site, as customers and time would.
func judged(t *testing.T, s *site) (ticketID, month, quarter string) {
	t.Helper()
	for i := range 2 {
		s.visitor().postFiles("/fr/contact", message(fmt.Sprintf("quality-ticket-number-%d", i))).number(t)
	}
	db := database(t, s.data, "")
	ids := column[string](t, db, "SELECT id FROM tickets ORDER BY id")
	paris, err := time.LoadLocation("Europe/Paris") // where months and quarters begin
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(paris)
	last := now.AddDate(0, 0, -now.Day())
	month, quarter = last.Format("2006-01"), fmt.Sprintf("%d-Q%d", now.Year(), (int(now.Month())+2)/3)
	person := column[string](t, db, "SELECT id FROM persons")[0]
	ms := now.UnixMilli()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("INSERT INTO surveys (ticket_id, person_id, score, solved, comment, answered_at, review_due, reviewer, review) VALUES (?, ?, 1, 0, 'Trop <b>lent</b>', ?, 1, '', '')", ids[0], person, ms)
	exec("INSERT INTO nps_answers (person_id, quarter, score, comment, answered_at, contacted_by, contact_note) VALUES (?, ?, 3, 'Déçu', ?, '', '')", person, quarter, ms)
	exec("INSERT INTO qa_reviews (month, ticket_id, staff_id, drawn_at, reviewer, scores, comment) VALUES (?, ?, 'somebody', ?, '', '{}', '')", month, ids[0], ms)
	for i, target := range []string{"first_response", "resolution"} {
		exec(`INSERT INTO credits (id, ticket_id, target, cycle, account, month, tier, priority, breach_at, noticed_at, by_change, share, evidence, state,
			offered_at, claim_until, claimed_at, review_until, decided_by, reason, applied) VALUES (?, ?, ?, 1, ?, ?, 'business', 'P1', ?, ?, 0, ?, '{}', 'claimed', ?, ?, ?, ?, '', '', 0)`,
			fmt.Sprintf("credit-%d", i), ids[0], target, person, month, last.UnixMilli(), last.UnixMilli(), 500*(i+1), ms, ms+1e9, ms, ms+4e8)
	}
	return ids[0], month, quarter
}

// TestQuality: a bad answer stays on the list until its review, a detractor
// until the contact; a sampled ticket is scored on every criterion.
func TestQuality(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("fr")
	id, month, quarter := judged(t, s)
	desk.get("/staff/quality").check(t, htmlcheck.Count(".held", 1), htmlcheck.In(".held", htmlcheck.HasText("1 sur 5.*Trop <b>lent</b>")))
	desk.post("/staff/quality", url.Values{"ticket": {id}, "review": {"  "}}).check(t, htmlcheck.In("#e-review"))
	p := desk.post("/staff/quality", url.Values{"ticket": {id}, "review": {"Appelée, remboursée."}})
	p.want(t, "a review", http.StatusOK)
	p.check(t, htmlcheck.Not(".held"), htmlcheck.In(".surveys", htmlcheck.HasText("Appelée, remboursée")))
	desk.post("/staff/quality", url.Values{"ticket": {id}, "review": {"Encore"}}).want(t, "a second review", http.StatusConflict)

	p = desk.get("/staff/quality/nps")
	p.check(t, htmlcheck.In(".surveys form"), htmlcheck.In(".kpis", htmlcheck.HasText("−100 NPS, sur 1")))
	people, err := htmlcheck.All([]byte(p.body), "input[name=person]", "value")
	if err != nil || len(people) != 1 {
		t.Fatal(people, err)
	}
	contact := url.Values{"person": {people[0]}, "quarter": {quarter}, "note": {""}}
	desk.post("/staff/quality/nps", contact).check(t, htmlcheck.In("#e-note"))
	contact.Set("note", "Reprise de contact")
	desk.post("/staff/quality/nps", contact).check(t, htmlcheck.Not(".surveys form"), htmlcheck.In(".surveys", htmlcheck.HasText("Reprise de contact")))

	desk.get("/staff/quality/samples").check(t, htmlcheck.In("td a[href]", htmlcheck.HasText("Évaluer")))
	path := "/staff/quality/samples/" + month + "/" + id
	scores := url.Values{"response": {"100"}, "tone": {"80"}, "solution": {"101"}, "documentation": {"x"}, "outcome": {"40"}}
	p = desk.post(path, scores)
	p.want(t, "wrong scores", http.StatusUnprocessableEntity)
	p.check(t, htmlcheck.In("#e-solution"), htmlcheck.In("#e-documentation"), htmlcheck.Not("#e-tone"), htmlcheck.In("#f-tone", htmlcheck.HasAttr("value", "^80$")))
	scores.Set("solution", "90")
	scores.Set("documentation", "0")
	p = desk.post(path, scores)
	// 20 + 16 + 27 + 0 + 6
	p.check(t, htmlcheck.In("td .pill", htmlcheck.HasText("^69$")))
	desk.get("/staff/quality/samples/2020-01/"+id).want(t, "not in that sample", http.StatusNotFound)
	desk.post("/staff/quality/samples", url.Values{"month": {time.Now().AddDate(0, 0, 31).Format("2006-01")}}).want(t, "a month that is not over", http.StatusConflict)
	desk.post("/staff/quality/samples", url.Values{"month": {"2020-01"}}).want(t, "an empty month", http.StatusOK)
}

// TestCredits: a claim is approved or refused with a reason, once, and every
// decision and download is in the audit log.
func TestCredits(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	desk := s.staff("fr")
	id, _, _ := judged(t, s)
	desk.get("/staff/credits").check(t, htmlcheck.Count(".held", 2))
	desk.get("/staff/tickets/"+id).check(t, htmlcheck.In(".ticket-side", htmlcheck.HasText("Crédits.*5.%.*Demandé")))
	desk.post("/staff/credits/credit-0", url.Values{"action": {"refuse"}, "reason": {""}}).check(t, htmlcheck.In("#e-reason"))
	p := desk.post("/staff/credits/credit-0?state=claimed", url.Values{"action": {"approve"}})
	p.want(t, "approve", http.StatusOK)
	p.check(t, htmlcheck.Count(".held", 1))
	desk.post("/staff/credits/credit-0", url.Values{"action": {"approve"}}).want(t, "approve twice", http.StatusConflict)
	desk.post("/staff/credits/credit-1?state=", url.Values{"action": {"exclude"}, "reason": {"=force majeure"}}).check(t, htmlcheck.Count(".held", 2), htmlcheck.In("main", htmlcheck.HasText("force majeure")))
	csv := desk.get("/staff/credits.csv?state=").body
	if !strings.Contains(csv, ",applied,5.00,5.00,") || !strings.Contains(csv, "'=force majeure") {
		t.Errorf("csv:\n%s", csv)
	}
	log := desk.get("/staff/audit.csv").body
	for _, want := range []string{"credit_decided,credit-0", "credit_decided,credit-1", "data_exported,credits"} {
		if !strings.Contains(log, want) {
			t.Errorf("audit log without %s:\n%s", want, log)
		}
	}
	lead, _ := hired(t, s, desk, "lead@vmcloud.example", "lead")
	desk.get("/staff/credits/credit-0").check(t, htmlcheck.Count("tbody tr", 2), htmlcheck.In("main", htmlcheck.HasText("déjà déduits, 25.%")))
	desk.get("/staff/credits/nothing").want(t, "an unknown credit", http.StatusNotFound)
	lead.get("/staff/credits/credit-0").want(t, "a lead looks at a credit", http.StatusForbidden)
	lead.get("/staff/credits").want(t, "a lead", http.StatusForbidden)
	lead.post("/staff/credits/credit-1", url.Values{"action": {"approve"}}).want(t, "a lead approves", http.StatusForbidden)
}
