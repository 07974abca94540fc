package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
)

// seedAttempts fills a fresh data folder with weeks of attempts: a period of
// 20 % and one of 50 %, a fixed share of each arm followed by a ticket.
func seedAttempts(t *testing.T, data string, n int) {
	t.Helper()
	now := clock.System{}.Now()
	c := clock.NewManual(now.AddDate(0, 0, -40))
	db, err := store.Open(t.Context(), store.Options{Dir: data, Clock: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	trial, ledger := experimenter(db), &deflect.Ledger{Store: store.As[deflect.Tx]{DB: db, Cast: func(tx *store.Tx) deflect.Tx { return tx }}}
	if err := trial.Begin(t.Context(), .2); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	categories := []string{"billing", "technical", "how-to", "account", ""}
	for i := range n {
		c.Advance(40 * 24 * time.Hour / time.Duration(n+1))
		if i == n/2 {
			if _, err := trial.Change(t.Context(), .5, false, "", "Pour avoir une réponse avant le comité de décembre"); err != nil {
				t.Fatal(err)
			}
		}
		v := deflect.Visit{FormToken: fmt.Sprintf("seed-form-%d", i), Visitor: fmt.Sprintf("seed-%d", i), Lang: "fr", Category: categories[rng.IntN(5)], Script: true}
		held, err := ledger.Seen(t.Context(), v, []string{"faq/billing", "products/vps"})
		if err != nil {
			t.Fatal(err)
		}
		chance := .35
		if held {
			chance = .6
		}
		switch p := rng.Float64(); {
		case p < chance:
			err = db.InTx(t.Context(), func(tx *store.Tx) error {
				return deflect.Ticket(tx, v, "seed-ticket", "seed-person", deflect.Traces{Form: true, Visitor: true, Person: true})
			})
		case p < chance+.2:
			err = ledger.Confirm(t.Context(), v, "faq/billing")
		case p < chance+.3:
			err = ledger.Opened(t.Context(), v.FormToken, "products/vps")
			c.Advance(15 * time.Second)
			if err == nil {
				err = ledger.Dwelt(t.Context(), v.FormToken, "products/vps", 15*time.Second)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ledger.Settle(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ledger.Judge(t.Context(), time.Time{}, n); err != nil {
		t.Fatal(err)
	}
}

// TestMeasureAccessibility looks at the pages of the experiment and of the
// rows behind the figures, empty and full.
func TestMeasureAccessibility(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		t.Run(lang, func(t *testing.T) {
			for _, n := range []int{0, 400} {
				data := t.TempDir()
				name := " empty"
				if n > 0 {
					seedAttempts(t, data, n)
					name = " full"
				}
				s := serve(t, data, "--holdout", "0")
				e := s.tab(lang).eye()
				e.theme("light")
				signUp(e.tab, s.setup())
				e.look("experiment"+name, "/staff/experiment")
				e.look("attempts"+name, "/staff/attempts")
				e.look("deflection"+name, "/staff/deflection")
				e.look("privacy"+name, "/staff/privacy")
				if n == 0 {
					continue
				}
				e.open("/staff/attempts")
				e.click(`main table a[href^="/staff/attempts/"]`)
				e.arrive("/staff/attempts/")
				e.judge("attempt")
				e.open("/staff/experiment")
				e.write("#f-share", "120")
				e.write("#f-reason", "x")
				e.click(`main .form button.primary`)
				e.see("#e-share")
				e.judge("experiment errors")
				s.visitor().postFiles("/"+lang+"/contact", message("a-form-of-this-person"), upload{"a.txt", "a\n"}).number(t)
				e.open("/staff/privacy")
				e.write("#f-email", message("").Get("email"))
				e.click(`main .form .button`)
				e.see("#f-confirm")
				e.judge("privacy found")
			}
		})
	}
}
