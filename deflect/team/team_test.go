package team_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// bench is a team with one admin, "boss".
type bench struct {
	*testing.T
	db  *store.DB
	c   *clock.Manual
	svc *team.Service
}

func run(t *testing.T, f func(b bench)) {
	t.Helper()
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		svc := &team.Service{Store: store.As[team.Tx]{DB: db, Cast: func(tx *store.Tx) team.Tx { return tx }}}
		boss := ticket.Staff{ID: "boss", Email: "boss@vmcloud.example", Name: "Boss", Lang: "fr", Role: ticket.Admin, PasswordHash: "x"}
		if err := db.CreateFirstStaff(t.Context(), boss); err != nil {
			t.Fatal(err)
		}
		f(bench{t, db, c, svc})
	})
}

func (b bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b bench) kind(what string, err error, kind errs.Kind) {
	b.Helper()
	if !errs.Is(err, kind) {
		b.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func anyEmail(string) bool { return true }

// join invites somebody and accepts, and gives the account.
func (b bench) join(email string, role ticket.Role) ticket.Staff {
	b.Helper()
	_, secret, err := b.svc.Invite(b.Context(), "boss", team.Profile{Email: email, Name: email, Lang: "en", Role: role}, anyEmail)
	b.ok(err)
	m, err := b.svc.AcceptInvite(b.Context(), secret, "hash")
	b.ok(err)
	return m
}

func (b bench) actions() string {
	b.Helper()
	entries, err := b.db.AuditEntries(b.Context(), team.AuditFilter{Limit: 1000})
	b.ok(err)
	var all []string
	for _, e := range entries {
		all = append([]string{e.Action}, all...)
	}
	return strings.Join(all, " ")
}

func TestInvitationsWorkOnce(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		p := team.Profile{Email: " Sam@VMCloud.example ", Name: " Sam  Roy ", Lang: "fr", Role: ticket.Agent, Skills: ticket.Skills{Langs: []string{"fr", "FR", ""}, Areas: []string{" VPS ", "réseau"}}}
		m, secret, err := b.svc.Invite(ctx, "boss", p, anyEmail)
		b.ok(err)
		got, err := b.db.StaffByEmail(ctx, "sam@vmcloud.example")
		b.ok(err)
		if got.ID != m.ID || got.Active() || got.Name != "Sam Roy" || fmt.Sprint(got.Skills) != "{[fr] [vps réseau]}" {
			b.Errorf("%+v", got)
		}
		_, _, err = b.svc.Invite(ctx, "boss", p, anyEmail)
		b.kind("the address again", err, errs.Conflict)
		second, err := b.svc.InviteAgain(ctx, "boss", m.ID)
		b.ok(err)
		_, err = b.svc.AcceptInvite(ctx, secret, "hash")
		b.kind("a link that was replaced", err, errs.NotFound)
		b.c.Advance(team.InviteAge)
		_, err = b.db.InvitedStaff(ctx, team.HashSecret(second), b.c.Now())
		b.kind("a link that is too old, looked at", err, errs.NotFound)
		_, err = b.svc.AcceptInvite(ctx, second, "hash")
		b.kind("a link that is too old", err, errs.NotFound)
		third, err := b.svc.InviteAgain(ctx, "boss", m.ID)
		b.ok(err)
		joined, err := b.svc.AcceptInvite(ctx, third, "hash")
		b.ok(err)
		if !joined.Active() {
			b.Errorf("joined: %+v", joined)
		}
		_, err = b.svc.AcceptInvite(ctx, third, "other")
		b.kind("a used link", err, errs.NotFound)
		if got := b.actions(); got != "invited invited invited invite_accepted" {
			b.Errorf("audit: %s", got)
		}
	})
}

func TestOnlyAdminsManageAccountsAndOneStays(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		lead := b.join("lead@x.example", ticket.Lead)
		_, _, err := b.svc.Invite(ctx, lead.ID, team.Profile{Email: "a@x.example", Name: "A", Role: ticket.Admin}, anyEmail)
		b.kind("a lead invites", err, errs.Forbidden)
		b.kind("a lead disables", b.svc.SetDisabled(ctx, lead.ID, "boss", true), errs.Forbidden)
		demoted := team.Profile{Name: "Boss", Role: ticket.Agent}
		b.kind("the last admin becomes an agent", b.svc.SaveProfile(ctx, "boss", "boss", demoted), errs.Conflict)
		b.kind("the last admin leaves", b.svc.SetDisabled(ctx, "boss", "boss", true), errs.Conflict)
		// Somebody who was only invited is no admin yet.
		_, _, err = b.svc.Invite(ctx, "boss", team.Profile{Email: "b@x.example", Name: "B", Role: ticket.Admin}, anyEmail)
		b.ok(err)
		b.kind("an invited admin does not count", b.svc.SetDisabled(ctx, "boss", "boss", true), errs.Conflict)
		second := b.join("c@x.example", ticket.Admin)
		b.ok(b.svc.SaveProfile(ctx, second.ID, "boss", demoted))
		b.kind("now the second is the last", b.svc.SetDisabled(ctx, second.ID, second.ID, true), errs.Conflict)
		_, _, err = b.svc.Invite(ctx, "boss", team.Profile{Email: "d@x.example", Name: "D", Role: ticket.Agent}, anyEmail)
		b.kind("who was admin invites", err, errs.Forbidden)
		b.kind("an unknown role", b.svc.SaveProfile(ctx, second.ID, "boss", team.Profile{Name: "Boss", Role: "king"}), errs.Invalid)
	})
}

func TestDisablingEndsSessions(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		m := b.join("a@x.example", ticket.Agent)
		b.ok(b.svc.StartSession(ctx, m.ID, "one", "Firefox, Linux", time.Hour))
		b.ok(b.svc.StartSession(ctx, m.ID, "two", "", time.Hour))
		b.ok(b.svc.StartSession(ctx, m.ID, "three", "", time.Hour))
		b.ok(b.svc.EndSession(ctx, "boss", "one")) // somebody else's: nothing happens
		b.ok(b.svc.ChangePassword(ctx, m.ID, "new", "one"))
		list, err := b.db.SessionsOf(ctx, m.ID, b.c.Now())
		if err != nil || len(list) != 1 || list[0].ID != "one" || list[0].Agent != "Firefox, Linux" {
			b.Errorf("after a new password: %+v, %v", list, err)
		}
		got, _, err := b.db.StaffBySession(ctx, "one", b.c.Now())
		if err != nil || got.ID != m.ID || got.PasswordHash != "new" {
			b.Errorf("%+v, %v", got, err)
		}
		b.ok(b.svc.SetDisabled(ctx, "boss", m.ID, true))
		_, _, err = b.db.StaffBySession(ctx, "one", b.c.Now())
		b.kind("the session of a disabled account", err, errs.NotFound)
		_, err = b.svc.InviteAgain(ctx, "boss", m.ID)
		b.kind("a link for a disabled account", err, errs.Conflict)
		b.ok(b.svc.SetDisabled(ctx, "boss", m.ID, false))
		if got, err := b.db.StaffByID(ctx, m.ID); err != nil || !got.Active() {
			b.Errorf("enabled: %+v, %v", got, err)
		}
	})
}

func TestSecondFactor(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		m := b.join("a@x.example", ticket.Agent)
		secret := team.NewTOTPSecret()
		_, err := b.svc.EnableTOTP(ctx, m.ID, secret, "000000")
		b.kind("a wrong first code", err, errs.Invalid)
		recovery, err := b.svc.EnableTOTP(ctx, m.ID, secret, team.CodeAt(secret, b.c.Now()))
		b.ok(err)
		b.kind("the same code again", b.svc.CheckCode(ctx, m.ID, team.CodeAt(secret, b.c.Now())), errs.Invalid)
		b.c.Advance(30 * time.Second)
		b.ok(b.svc.CheckCode(ctx, m.ID, team.CodeAt(secret, b.c.Now())))
		b.ok(b.svc.CheckCode(ctx, m.ID, strings.ToLower(recovery[3])))
		b.kind("a used recovery code", b.svc.CheckCode(ctx, m.ID, recovery[3]), errs.Invalid)
		if left, err := b.db.RecoveryLeft(ctx, m.ID); err != nil || left != 9 {
			b.Errorf("%d codes left, %v", left, err)
		}
		for range 4 {
			b.kind("wrong codes", b.svc.CheckCode(ctx, m.ID, "123"), errs.Invalid)
		}
		b.c.Advance(30 * time.Second)
		b.kind("a right code too early", b.svc.CheckCode(ctx, m.ID, team.CodeAt(secret, b.c.Now())), errs.RateLimited)
		b.c.Advance(30 * time.Second)
		b.ok(b.svc.CheckCode(ctx, m.ID, team.CodeAt(secret, b.c.Now())))
		other := b.join("b@x.example", ticket.Lead)
		b.kind("a lead takes it off", b.svc.DisableTOTP(ctx, other.ID, m.ID), errs.Forbidden)
		b.ok(b.svc.DisableTOTP(ctx, "boss", m.ID))
		b.kind("a recovery code of before", b.svc.CheckCode(ctx, m.ID, recovery[4]), errs.Invalid)

		b.kind("a lead sets the roles", b.svc.SetSecondFactorRoles(ctx, other.ID, nil), errs.Forbidden)
		b.ok(b.svc.SetSecondFactorRoles(ctx, "boss", []ticket.Role{ticket.Admin, ticket.Lead}))
		setting, err := b.db.Setting(ctx, team.SecondFactorSetting)
		b.ok(err)
		for role, want := range map[ticket.Role]bool{ticket.Agent: false, ticket.Lead: true, ticket.Admin: true} {
			if got, err := team.NeedsSecondFactor(setting, role); err != nil || got != want {
				b.Errorf("%s needs it: %t, %v", role, got, err)
			}
		}
	})
}

// D-3: an absence is half-open. D-18, D-22: who is away is passed over.
func TestAbsences(t *testing.T) {
	run(t, func(b bench) {
		ctx, from := b.Context(), storetest.Start.Add(time.Hour)
		agent, lead := b.join("a@x.example", ticket.Agent), b.join("b@x.example", ticket.Lead)
		until := from.Add(48 * time.Hour)
		b.ok(b.svc.PlanAbsence(ctx, agent.ID, agent.ID, from, until))
		b.kind("an agent plans somebody else's", b.svc.PlanAbsence(ctx, agent.ID, lead.ID, from, until), errs.Forbidden)
		b.ok(b.svc.PlanAbsence(ctx, lead.ID, agent.ID, until.Add(time.Hour), until.Add(2*time.Hour)))
		b.kind("backwards", b.svc.PlanAbsence(ctx, agent.ID, agent.ID, until, from), errs.Invalid)
		b.kind("for ever", b.svc.PlanAbsence(ctx, agent.ID, agent.ID, from, from.AddDate(5, 0, 0)), errs.Invalid)
		b.kind("without a beginning", b.svc.PlanAbsence(ctx, agent.ID, agent.ID, time.Time{}, until), errs.Invalid)
		for at, want := range map[time.Time]bool{
			from.Add(-time.Millisecond): false, from: true, until.Add(-time.Millisecond): true, until: false, until.Add(90 * time.Minute): true,
		} {
			b.ok(b.db.InTx(ctx, func(tx *store.Tx) error {
				away, err := tx.AbsentStaff(at)
				if err == nil && (away[agent.ID] != want || away[lead.ID]) {
					b.Errorf("away at %s: %v", at, away)
				}
				return err
			}))
		}
		list, err := b.db.Absences(ctx, from)
		if err != nil || len(list) != 2 {
			b.Fatalf("%+v, %v", list, err)
		}
		b.ok(b.svc.CancelAbsence(ctx, agent.ID, list[0].ID))
		b.kind("cancelled twice", b.svc.CancelAbsence(ctx, agent.ID, list[0].ID), errs.NotFound)
		if list, err = b.db.Absences(ctx, until.Add(2*time.Hour)); err != nil || len(list) != 0 {
			b.Errorf("past ones: %+v, %v", list, err)
		}
	})
}

// The audit log holds what happened, in order, and is read page by page.
func TestAuditIsFiltered(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		for i := range 5 {
			b.ok(b.db.Audit(ctx, "boss", team.SettingChanged, fmt.Sprint("s", i%2), map[string]string{"to": fmt.Sprint(i)}))
			b.c.Advance(time.Hour)
		}
		b.ok(b.db.Audit(ctx, "", team.DataErased, "person", nil))
		get := func(f team.AuditFilter) string {
			f.Limit = max(f.Limit, 1)
			entries, err := b.db.AuditEntries(ctx, f)
			b.ok(err)
			var got []string
			for _, e := range entries {
				got = append(got, e.Data["to"])
			}
			return strings.Join(got, " ")
		}
		start := storetest.Start
		for _, tt := range []struct {
			f    team.AuditFilter
			want string
		}{
			{team.AuditFilter{Actor: "boss", Limit: 9}, "4 3 2 1 0"},
			{team.AuditFilter{Object: "s1", Limit: 9}, "3 1"},
			{team.AuditFilter{Action: team.SettingChanged, From: start.Add(time.Hour), To: start.Add(3 * time.Hour), Limit: 9}, "2 1"},
			{team.AuditFilter{Actor: "boss", Limit: 2}, "4 3"},
		} {
			if got := get(tt.f); got != tt.want {
				b.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
			}
		}
		entries, err := b.db.AuditEntries(ctx, team.AuditFilter{Actor: "boss", Limit: 2})
		b.ok(err)
		if got := get(team.AuditFilter{Actor: "boss", Before: entries[1].ID, Limit: 9}); got != "2 1 0" {
			b.Errorf("the next page: %s", got)
		}
	})
}

// An entry and its change commit together.
func TestAuditRollsBackWithItsChange(t *testing.T) {
	run(t, func(b bench) {
		err := b.db.InTx(b.Context(), func(tx *store.Tx) error {
			if err := tx.Audit("boss", team.DataErased, "p", nil); err != nil {
				return err
			}
			return context.Canceled
		})
		if err == nil || b.actions() != "" {
			b.Errorf("%v; audit: %s", err, b.actions())
		}
	})
}

func TestMacros(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		langs := []string{"fr", "en"}
		b.ok(b.svc.Seed(ctx))
		shipped, err := team.ShippedMacros()
		b.ok(err)
		list, err := b.db.Macros(ctx)
		if err != nil || len(list) != len(shipped) {
			b.Fatalf("%d macros, %v", len(list), err)
		}
		agent, lead := b.join("a@x.example", ticket.Agent), b.join("b@x.example", ticket.Lead)
		m := team.Macro{Texts: map[string]team.MacroText{"fr": {Name: "Clé", Body: "Bonjour {{ customer_name }},\r\n"}}, State: ticket.WaitingCustomer, Tags: []string{"SSH"}}
		_, err = b.svc.SaveMacro(ctx, agent.ID, m, langs)
		b.kind("an agent saves", err, errs.Forbidden)
		id, err := b.svc.SaveMacro(ctx, lead.ID, m, langs)
		b.ok(err)
		got, err := b.db.MacroByID(ctx, id)
		b.ok(err)
		if text, lang := got.In("en"); lang != "fr" || text.Body != "Bonjour {{ customer_name }}," || got.Tags[0] != "ssh" || got.Version != 1 {
			b.Errorf("%+v", got)
		}
		got.Texts["en"] = team.MacroText{Name: "Key", Body: "Hello"}
		_, err = b.svc.SaveMacro(ctx, lead.ID, got, langs)
		b.ok(err)
		_, err = b.svc.SaveMacro(ctx, "boss", got, langs)
		b.kind("saved over somebody's change", err, errs.Conflict)
		b.ok(b.db.CountMacroUse(ctx, id))
		b.ok(b.svc.ArchiveMacro(ctx, lead.ID, id, true))
		if len(shipped) > 0 {
			b.ok(b.svc.ArchiveMacro(ctx, lead.ID, shipped[0].ID, true))
		}
		b.ok(b.svc.Seed(ctx)) // the next start
		list, err = b.db.Macros(ctx)
		b.ok(err)
		if len(list) != len(shipped)+1 || list[0].ID != id || list[0].Uses != 1 || !list[0].Archived {
			text, _ := json.Marshal(list[0])
			b.Errorf("%d macros, first %s", len(list), text)
		}
		for _, x := range list {
			if len(shipped) > 0 && x.ID == shipped[0].ID && !x.Archived {
				b.Error("an archived shipped macro came back")
			}
		}
	})
}

// What the team costs is said by those who may, kept with its history, and
// noted in the audit log.
func TestSetCost(t *testing.T) {
	run(t, func(b bench) {
		ctx := b.Context()
		agent := b.join("agent@vmcloud.example", ticket.Agent)
		for i, cents := range []int64{400_000, 450_050} {
			b.ok(b.svc.SetCost(ctx, "boss", "2026-01-01", cents))
			b.c.Advance(time.Hour)
			list, err := b.db.Costs(ctx)
			b.ok(err)
			if len(list) != 1 || list[0] != (report.Cost{From: "2026-01-01", Cents: cents}) {
				b.Errorf("statement %d: %v", i, list)
			}
		}
		b.ok(b.svc.SetCost(ctx, "boss", "2026-06-01", 0))
		b.kind("an agent", b.svc.SetCost(ctx, agent.ID, "2026-01-01", 1), errs.Forbidden)
		for _, bad := range []struct {
			from  string
			cents int64
		}{{"2026-02-30", 1}, {"", 1}, {"2026-01-01", -1}, {"2026-01-01", 1 << 60}} {
			b.kind(fmt.Sprint(bad), b.svc.SetCost(ctx, "boss", bad.from, bad.cents), errs.Invalid)
		}
		history, err := b.db.CostHistory(ctx)
		b.ok(err)
		if len(history) != 3 || history[0].Cents != 0 || history[2].Cents != 400_000 || history[2].Staff != "boss" {
			b.Errorf("history: %+v", history)
		}
		entries, err := b.db.AuditEntries(ctx, team.AuditFilter{Object: team.SupportCost, Limit: 9})
		b.ok(err)
		if len(entries) != 3 || entries[2].Data["cents"] != "400000" {
			b.Errorf("audit log: %+v", entries)
		}
	})
}
