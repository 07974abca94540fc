package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// searchRow is a line of the search log.
type searchRow struct {
	lang, query, clicked       string
	results, position, visitor int
}

// searchLog waits for n searches with so many clicks and reads them, oldest
// first.
func (s *site) searchLog(n, clicks int) []searchRow {
	s.t.Helper()
	db := database(s.t, s.data, "mode=ro")
	defer func() { _ = db.Close() }() // a reader would keep the log from being folded into the file
	var all []searchRow
	until(s.t, fmt.Sprintf("%d logged searches", n), func() bool {
		all = nil
		clicked := 0
		rows, err := db.Query(`SELECT lang, query, clicked, results, position, CASE WHEN visitor IS NULL THEN 0 ELSE 1 END FROM searches ORDER BY id`)
		if err != nil {
			s.t.Fatal(err)
		}
		defer func() { _ = rows.Close() }() // its error is in rows.Err
		for rows.Next() {
			var r searchRow
			if err := rows.Scan(&r.lang, &r.query, &r.clicked, &r.results, &r.position, &r.visitor); err != nil {
				s.t.Fatal(err)
			}
			if r.clicked != "" {
				clicked++
			}
			all = append(all, r)
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
		return len(all) >= n && clicked >= clicks
	})
	if len(all) != n {
		s.t.Errorf("%d searches logged, want %d: %+v", len(all), n, all)
	}
	return all
}

// The search log without JavaScript: a page of results, then the article that
// the browser says it came to from there.
func TestSearchLogOfAVisit(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	query := "Facture zoe@example.com 123456 load balancer"
	path := "/fr/search?q=" + url.QueryEscape(query)
	p := v.get(path)
	p.want(t, path, http.StatusOK)
	if !strings.Contains(p.body, `href="/fr/products/load-balancer"`) {
		t.Fatalf("the article is not among the results")
	}
	v.header.Set("Referer", s.base+path)
	v.get("/fr/products/load-balancer").want(t, "the article", http.StatusOK)
	v.header.Del("Referer")

	refuses := s.visitor()
	refuses.header.Set("Sec-GPC", "1")
	if c := refuses.get("/fr/search?q=vps").header.Get("Set-Cookie"); c != "" {
		t.Errorf("a cookie for somebody who refuses it: %q", c)
	}
	robot := s.visitor()
	robot.header.Set("User-Agent", "Examplebot/1.0")
	robot.get("/fr/search?q=vps")
	away := s.visitor() // a page of another site is not our search
	away.get("/en/search?q=load+balancer")
	away.header.Set("Referer", "https://elsewhere.example/en/search?q=load+balancer")
	away.get("/en/products/load-balancer")

	chooses := s.visitor()
	chooses.get("/fr/contact") // has the cookie
	id := "products/load-balancer"
	body := fmt.Sprintf(`{"lang":"fr","query":"load bal","articles":["faq/billing",%q],"chosen":1}`, id)
	chooses.json("/api/v1/search/chosen", body).want(t, "a choice", http.StatusNoContent)
	for _, bad := range []string{`{}`, `{"lang":"fr","query":"x","articles":[],"chosen":0}`, strings.Replace(body, `"chosen":1`, `"chosen":2`, 1), strings.Replace(body, "faq/billing", "nothing", 1)} {
		chooses.json("/api/v1/search/chosen", bad).want(t, bad, http.StatusBadRequest)
	}

	all := s.searchLog(4, 2)
	find := func(query string) searchRow {
		for _, r := range all {
			if r.query == query {
				return r
			}
		}
		t.Fatalf("%q is not in the log: %+v", query, all)
		return searchRow{}
	}
	if r := find("facture [email] [number] load balancer"); r.clicked != "products/load-balancer" || r.position < 1 || r.visitor != 1 || r.results < 1 {
		t.Errorf("%+v", r)
	}
	if r := find("vps"); r.clicked != "" || r.visitor != 0 {
		t.Errorf("without the cookie: %+v", r)
	}
	if r := find("load balancer"); r.clicked != "" {
		t.Errorf("from another site: %+v", r)
	}
	if r := find("load bal"); r.clicked != "products/load-balancer" || r.position != 2 || r.visitor != 1 {
		t.Errorf("a choice: %+v", r)
	}
}

// What was recorded is soon on the disk by itself, and there after the power
// goes.
func TestRecordedEventsSurviveAKill(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	s.mishaps = true
	v := s.visitor()
	const searches = 50
	for i := range searches {
		v.get(fmt.Sprintf("/fr/search?q=mot%d", i))
	}
	have := func(db *sql.DB) int { return column[int](t, db, "SELECT COUNT(*) FROM searches")[0] }
	sent := time.Now()
	db := database(t, s.data, "mode=ro")
	until(t, "all searches are on the disk", func() bool { return have(db) == searches })
	t.Logf("the last of them after %v", time.Since(sent).Round(time.Millisecond))
	s.kill()
	if n := have(database(t, s.data, "mode=ro")); n != searches {
		t.Errorf("%d on disk after the kill, want %d", n, searches)
	}
}

// Somebody without the cookie has one vote on a revision a day: the last.
func TestVotesWithoutTheCookie(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	vote := func(v *visitor, article, value string) {
		t.Helper()
		v.post("/fr/vote", url.Values{"article": {article}, "value": {value}}).want(t, "a vote", http.StatusOK)
	}
	refuses := s.visitor()
	refuses.header.Set("Sec-GPC", "1")
	for range 5 {
		vote(refuses, "products/vps", "yes")
	}
	vote(refuses, "products/storage", "yes")
	for range 3 { // throws the cookie away each time
		vote(s.visitor(), "products/vps", "no")
	}
	returns := s.visitor()
	returns.get("/fr/contact") // has the cookie before the vote
	vote(returns, "products/vps", "yes")
	vote(returns, "products/vps", "no")
	db := database(t, s.data, "mode=ro")
	got := column[string](t, db, "SELECT article || ' ' || helpful || ' ' || COUNT(*) FROM votes GROUP BY article, helpful ORDER BY 1")
	if strings.Join(got, ", ") != "products/storage 1 1, products/vps 0 2" {
		t.Errorf("votes: %v", got)
	}
	if stored := column[string](t, db, "SELECT voter FROM votes"); strings.Contains(strings.Join(stored, " "), "127.0.0.1") {
		t.Errorf("an address is stored: %v", stored)
	}
}

func TestMetrics(t *testing.T) {
	s := serve(t, t.TempDir(), "--rate-limit", "off")
	v := s.visitor()
	v.post("/fr/contact", message("a-form-of-this-test")).number(t)
	v.get("/fr/search?q=zzzzqqqq")
	s.searchLog(1, 0)
	p := v.get("/metrics")
	p.want(t, "from this machine", http.StatusOK)
	for _, want := range []string{
		`ricochet_tickets_active{state="new"} 1`, "ricochet_tickets_overdue 0", `ricochet_attempts_24h{arm="treatment",outcome="ticket"} 1`,
		`ricochet_searches_24h{found="no"} 1`, "ricochet_holdout_share 0", `ricochet_articles{lang="fr"}`, "ricochet_jobs_dead 0", "go_goroutines",
	} {
		if !strings.Contains(p.body, want) {
			t.Errorf("%q is not in\n%s", want, p.body)
		}
	}
	v.header.Set("X-Forwarded-For", "203.0.113.9")
	v.get("/metrics").want(t, "through a proxy", http.StatusUnauthorized)
	for scope, status := range map[string]int{"customers": http.StatusForbidden, "metrics": http.StatusOK} {
		token, err := ricochet(t, "token", "--data", s.data, "--scope", scope, "a monitoring system")
		if err != nil {
			t.Fatal(err)
		}
		v.header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		v.get("/metrics").want(t, "with a token for "+scope, status)
	}
}
