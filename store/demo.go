package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/demo"
	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// demoBatch is how many rows of a demo year go into one transaction.
const demoBatch = 2000

// inBatches stores all in transactions of a bounded size.
func inBatches[T any](ctx context.Context, db *DB, all []T, f func(tx *Tx, one T) error) error {
	for batch := range slices.Chunk(all, demoBatch) {
		err := db.InTx(ctx, func(tx *Tx) error {
			for _, one := range batch {
				if err := f(tx, one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Untouched says whether nobody has used the instance yet: no ticket, attempt,
// search or vote. Accounts and settings may be there.
func (db *DB) Untouched(ctx context.Context) (bool, error) {
	rows, err := db.get(ctx, `SELECT (SELECT COUNT(*) FROM tickets) + (SELECT COUNT(*) FROM attempts) + (SELECT COUNT(*) FROM searches)
		+ (SELECT COUNT(*) FROM votes) + (SELECT COUNT(*) FROM customers)`)
	n, err := first(rows, err, scanInt)
	return n == 0, err
}

const demoSetting = "demo"

// FillDemo stores a demo year; kind conflict when the instance is in use. What
// was stored of a year that could not be finished is found again by its marks.
func (db *DB) FillDemo(ctx context.Context, y *demo.Year) error {
	if ok, err := db.Untouched(ctx); err != nil || !ok {
		if err == nil {
			err = errs.Newf(errs.Conflict, "", "this instance holds tickets, attempts, searches, votes or customers already: a demo year wants a fresh one")
		}
		return err
	}
	// First of all, so that a year that stops half way can be removed.
	if err := db.SetSetting(ctx, demoSetting, y.Until.Add(-time.Second).UTC().Format(time.DateOnly)); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *demo.Year) error{db.fillPeople, db.fillTickets, db.fillSite, db.fillAttempts} {
		if err := step(ctx, y); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) fillPeople(ctx context.Context, y *demo.Year) error {
	err := db.InTx(ctx, func(tx *Tx) error {
		for _, s := range y.Staff {
			if err := tx.InsertStaff(s); err != nil {
				return err
			}
		}
		for _, c := range y.Customers {
			if err := tx.SaveCustomer(c); err != nil {
				return err
			}
		}
		cost := team.Cost{ID: y.Cost.ID, From: y.From.UTC().Format(time.DateOnly), Cents: y.Cost.Cents, Staff: y.Cost.Staff, At: y.From}
		if err := tx.InsertCost(cost); err != nil {
			return err
		}
		return tx.InsertPeriod(y.Period)
	})
	if err != nil {
		return err
	}
	return inBatches(ctx, db, y.Persons, func(tx *Tx, p *demo.Person) error {
		confirmed := optMillis(p.CreatedAt)
		confirmed.Valid = p.Confirmed
		_, err := tx.exec("INSERT INTO persons (id, email, name, lang, customer_id, confirmed_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			p.ID, p.Email, p.Name, p.Lang, optText(p.CustomerID), confirmed, millis(p.CreatedAt))
		return err
	})
}

func (db *DB) fillTickets(ctx context.Context, y *demo.Year) error {
	for batch := range slices.Chunk(y.Tickets, 100) {
		err := db.InTx(ctx, func(tx *Tx) error {
			for _, t := range batch {
				if err := tx.fillTicket(t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := inBatches(ctx, db, y.Credits, func(tx *Tx, c ticket.Credit) error {
		_, err := tx.InsertCredit(c)
		return err
	})
	if err != nil {
		return err
	}
	return inBatches(ctx, db, y.Recommendations, func(tx *Tx, r demo.Recommendation) error {
		_, err := tx.exec(`INSERT INTO nps_answers (person_id, quarter, score, comment, answered_at, contacted_by, contact_note)
			VALUES ($1, $2, $3, $4, $5, '', '')`, r.PersonID, r.Quarter, r.Score, r.Comment, millis(r.At))
		return err
	})
}

// fillTicket stores a ticket as its whole life has left it.
func (tx *Tx) fillTicket(t *demo.Ticket) error {
	t.Version-- // the update below raises it
	ok, err := tx.InsertTicket(t.Ticket, t.FormToken)
	if err == nil && !ok {
		err = errs.Newf(errs.Internal, "", "demo: ticket number %s was drawn twice", t.Number)
	}
	if err == nil {
		_, err = tx.UpdateTicket(t.Ticket) // the columns that a fresh ticket does not have
	}
	t.Version++
	if err != nil {
		return err
	}
	for _, e := range t.Log {
		if err := tx.AppendEvent(t.ID, e); err != nil {
			return err
		}
	}
	for _, m := range t.Messages {
		if err := tx.InsertMessage(m); err != nil {
			return err
		}
	}
	for _, e := range t.Work {
		if err := tx.InsertTime(e); err != nil {
			return err
		}
	}
	for _, e := range t.Escalations {
		if err := tx.InsertEscalation(e); err != nil {
			return err
		}
	}
	if s := t.Survey; s != nil {
		_, err = tx.exec(`INSERT INTO surveys (ticket_id, person_id, score, solved, comment, answered_at, review_due, reviewer, review, reviewed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			t.ID, t.PersonID, s.Score, flag(s.Solved), s.Comment, millis(s.AnsweredAt), flag(s.Score < 3), s.Reviewer, s.Review, optMillis(s.ReviewedAt))
	}
	return err
}

func (db *DB) fillSite(ctx context.Context, y *demo.Year) error {
	for part := range slices.Chunk(y.Activity.Visits, demoBatch) {
		if err := db.AddActivity(ctx, deflect.Activity{Visits: part}); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(y.Activity.Reads, demoBatch) {
		if err := db.AddActivity(ctx, deflect.Activity{Reads: part}); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(y.Activity.Searches, demoBatch) {
		if err := db.AddActivity(ctx, deflect.Activity{Searches: part}); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(y.Activity.Clicks, demoBatch) {
		if err := db.AddActivity(ctx, deflect.Activity{Clicks: part}); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(y.Activity.Reformulated, demoBatch) {
		if err := db.AddActivity(ctx, deflect.Activity{Reformulated: part}); err != nil {
			return err
		}
	}
	for _, d := range y.Views {
		if err := db.AddViews(ctx, d.Day, d.Views); err != nil {
			return err
		}
	}
	return inBatches(ctx, db, y.Votes, func(tx *Tx, v demo.Vote) error {
		_, err := tx.exec("INSERT INTO votes (lang, article, revision, voter, helpful, reason, comment, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			v.Lang, v.Article, v.Revision, v.Voter, flag(v.Helpful), v.Reason, v.Comment, millis(v.At))
		return err
	})
}

func (db *DB) fillAttempts(ctx context.Context, y *demo.Year) error {
	err := inBatches(ctx, db, y.Attempts, func(tx *Tx, a deflect.Attempt) error {
		if err := tx.InsertAttempt(a); err != nil {
			return err
		}
		return tx.UpdateAttempt(a) // the columns that a fresh attempt does not have
	})
	if err != nil {
		return err
	}
	return inBatches(ctx, db, y.Ledger, func(tx *Tx, e deflect.Entry) error { return tx.AppendLedger(e) })
}

// RemoveDemo removes every row of a demo year, known by its ids, and the page
// views counted up to its end; kind not_found when there is no demo. What
// people did to its tickets since goes with them.
func (db *DB) RemoveDemo(ctx context.Context) (int, error) {
	until, err := db.Setting(ctx, demoSetting)
	if errs.Is(err, errs.NotFound) {
		return 0, errs.Newf(errs.NotFound, "", "there is no demo year in this instance")
	}
	if err != nil {
		return 0, err
	}
	total := 0
	err = db.InTx(ctx, func(tx *Tx) error {
		total = 0
		for _, table := range slices.Backward(backupTables) {
			n, err := tx.removeTagged(table)
			if err != nil {
				return err
			}
			total += n
		}
		n, err := tx.exec("DELETE FROM article_views WHERE day <= $1", until)
		if err != nil {
			return err
		}
		total += int(n)
		for _, text := range []string{"DELETE FROM settings WHERE name = 'demo'", "DELETE FROM rollup_state"} {
			if _, err := tx.exec(text); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() { tx.db.period.Store(nil) })
		return nil
	})
	return total, err
}

// removeTagged removes the rows of a table with a demo id in any column that
// holds ids.
func (tx *Tx) removeTagged(table string) (int, error) {
	rows, err := tx.query("SELECT * FROM " + table + " WHERE 1 = 0")
	if err != nil {
		return 0, err
	}
	cols, err := rows.Columns()
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, err
	}
	var where []string
	for _, c := range cols {
		switch {
		case c == "id", c == "voter", c == "subject" && table == "rca_notes", c == "account", strings.HasSuffix(c, "_id") && c != "contact_id":
			where = append(where, c+" LIKE '%"+demo.Tag+"%'")
		}
	}
	if len(where) == 0 {
		return 0, nil
	}
	n, err := tx.exec("DELETE FROM " + table + " WHERE " + strings.Join(where, " OR "))
	return int(n), err
}
