package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect/report"
)

const factRow = `t.id, t.person_id, t.channel, t.lang, t.category, t.tier, t.priority, t.state, COALESCE(t.assignee, ''), t.received_at, t.version`

func scanFactRow(r rowScanner) (report.TicketRow, error) {
	var t report.TicketRow
	var received int64
	err := r.Scan(&t.ID, &t.PersonID, &t.Channel, &t.Lang, &t.Category, &t.Tier, &t.Priority, &t.State, &t.Assignee, &received, &t.Version)
	t.ReceivedAt = instant(received)
	return t, err
}

// ChangedTickets lists tickets whose facts are missing or out of date, with
// their logs. The three ways to be out of date are asked one after the other,
// each along an index, and only as far as the limit allows.
func (db *DB) ChangedTickets(ctx context.Context, from string, now time.Time, everything bool, limit int) ([]report.TicketRow, error) {
	if everything {
		from = ""
	}
	rows, err := db.get(ctx, "SELECT "+factRow+` FROM tickets t LEFT JOIN ticket_facts f ON f.ticket_id = t.id
		WHERE t.id >= $1 AND (f.version IS NULL OR f.version <> t.version) ORDER BY t.id LIMIT $2`, from, limit)
	all, err := collect(rows, err, scanFactRow)
	if err != nil || len(all) == limit {
		return db.withLogs(ctx, all, err)
	}
	rows, err = db.get(ctx, "SELECT "+factRow+` FROM ticket_facts f JOIN tickets t ON t.id = f.ticket_id
		WHERE f.active = 1 AND t.id < $1 AND (f.version <> t.version OR f.check_at < $2)
		OR f.active = 1 AND t.id >= $3 AND f.version = t.version AND f.check_at < $4 LIMIT $5`,
		from, millis(now), from, millis(now), limit-len(all))
	more, err := collect(rows, err, scanFactRow)
	return db.withLogs(ctx, append(all, more...), err)
}

// AllTickets lists tickets with their logs: the next limit ones after the id.
func (db *DB) AllTickets(ctx context.Context, after string, limit int) ([]report.TicketRow, error) {
	rows, err := db.get(ctx, "SELECT "+factRow+" FROM tickets t WHERE t.id > $1 ORDER BY t.id LIMIT $2", after, limit)
	all, err := collect(rows, err, scanFactRow)
	return db.withLogs(ctx, all, err)
}

func (db *DB) withLogs(ctx context.Context, all []report.TicketRow, err error) ([]report.TicketRow, error) {
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Log, err = db.EventsOf(ctx, all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// factsPerCommit is how many tickets' facts one transaction writes; people's
// writes wait for it.
const factsPerCommit = 20

// SaveFacts replaces the facts of tickets and says which days the earlier ones
// contributed to.
func (db *DB) SaveFacts(ctx context.Context, all []report.StoredFacts) ([]report.Day, error) {
	var days []report.Day
	for part := range slices.Chunk(all, factsPerCommit) {
		before, err := db.saveFacts(ctx, part)
		if err != nil {
			return nil, err
		}
		days = append(days, before...)
	}
	return days, nil
}

func (db *DB) saveFacts(ctx context.Context, all []report.StoredFacts) ([]report.Day, error) {
	var before []report.Day
	err := db.InTx(ctx, func(tx *Tx) error {
		before = nil
		for _, f := range all {
			rows, err := tx.query("SELECT day FROM ticket_days WHERE ticket_id = $1", f.TicketID)
			days, err := collect(rows, err, scanText)
			if err != nil {
				return err
			}
			for _, d := range days {
				before = append(before, report.Day(d))
			}
			if err := tx.saveFacts(f, len(days) > 0); err != nil {
				return err
			}
		}
		return nil
	})
	return before, err
}

func (tx *Tx) saveFacts(f report.StoredFacts, known bool) error {
	data, err := json.Marshal(f.Facts)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO ticket_facts (ticket_id, version, active, check_at, received_day, person_id, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (ticket_id) DO UPDATE SET version = excluded.version, active = excluded.active,
		check_at = excluded.check_at, received_day = excluded.received_day, person_id = excluded.person_id, data = excluded.data`,
		f.TicketID, f.Version, flag(f.Active), optMillis(f.CheckAt), f.Received, f.PersonID, string(data))
	if err == nil && known {
		_, err = tx.exec("DELETE FROM ticket_days WHERE ticket_id = $1", f.TicketID)
	}
	for _, d := range f.Days {
		if err == nil {
			_, err = tx.exec("INSERT INTO ticket_days (day, ticket_id, broken) VALUES ($1, $2, $3)", d, f.TicketID, flag(f.Broken[d]))
		}
	}
	return err
}

const factsAndTicket = "SELECT f.data, f.ticket_id, COALESCE(t.number, '') FROM "

// scanFactsOf reads facts with the ticket they are of.
func scanFactsOf(r rowScanner) (report.Facts, error) {
	var id, number string
	f, err := scanFacts(tail{r, []any{&id, &number}})
	f.Ticket, f.Number = id, number
	return f, err
}

// FactsOn lists the facts of the tickets that contribute to a day.
func (db *DB) FactsOn(ctx context.Context, day report.Day) ([]report.Facts, error) {
	rows, err := db.get(ctx, factsAndTicket+`ticket_days d JOIN ticket_facts f ON f.ticket_id = d.ticket_id LEFT JOIN tickets t ON t.id = d.ticket_id
		WHERE d.day = $1 ORDER BY d.ticket_id`, day)
	return collect(rows, err, scanFactsOf)
}

// OwedCandidates lists the facts of the tickets received until the end of a
// day, but for those that were finished for good by then: they may have been
// owed work.
func (db *DB) OwedCandidates(ctx context.Context, day report.Day) ([]report.Facts, error) {
	rows, err := db.get(ctx, factsAndTicket+`ticket_facts f LEFT JOIN tickets t ON t.id = f.ticket_id WHERE f.received_day <= $1
		AND (f.active = 1 OR EXISTS (SELECT 1 FROM ticket_days d WHERE d.ticket_id = f.ticket_id AND d.day > $2)) ORDER BY f.ticket_id DESC`, day, day)
	return collect(rows, err, scanFactsOf)
}

// AuthorRows lists who wrote a ticket in the days, by opaque ids, with how many.
func (db *DB) AuthorRows(ctx context.Context, from, to report.Day) ([]report.Author, error) {
	rows, err := db.get(ctx, `SELECT person_id, COUNT(*) FROM ticket_facts WHERE received_day >= $1 AND received_day <= $2
		GROUP BY person_id ORDER BY 2 DESC, person_id`, from, to)
	return collect(rows, err, func(r rowScanner) (report.Author, error) {
		var a report.Author
		err := r.Scan(&a.ID, &a.Tickets)
		return a, err
	})
}

func scanFacts(r rowScanner) (report.Facts, error) {
	var f report.Facts
	var data string
	if err := r.Scan(&data); err != nil {
		return f, err
	}
	return f, json.Unmarshal([]byte(data), &f)
}

// TicketAuthors counts the people who wrote a ticket in the days.
func (db *DB) TicketAuthors(ctx context.Context, from, to report.Day) (int, error) {
	rows, err := db.get(ctx, "SELECT COUNT(DISTINCT person_id) FROM ticket_facts WHERE received_day >= $1 AND received_day <= $2", from, to)
	n, err := first(rows, err, scanInt)
	return int(n), err
}

// Backlog counts the tickets on which work was owed when a day began; known
// says whether there had been any ticket by then.
func (db *DB) Backlog(ctx context.Context, before report.Day) (n int, known bool, err error) {
	rows, err := db.get(ctx, "SELECT CAST(COALESCE(SUM(delta), 0) AS BIGINT), COUNT(*) FROM rollup WHERE subject = 'tickets' AND dim = '' AND day < $1", before)
	days := 0
	_, err = first(rows, err, func(r rowScanner) (int, error) { return 0, r.Scan(&n, &days) })
	return n, days > 0, err
}

// BrokenTickets lists the tickets with a promise to the customer broken in the
// days, each with the note on its cause: its own, else its incident's.
func (db *DB) BrokenTickets(ctx context.Context, from, to report.Day) ([]report.BrokenTicket, error) {
	rows, err := db.get(ctx, `SELECT f.data, t.id, t.number, t.state, t.received_at, c.id, c.company, c.mrr_cents, n.cause, n.impact, n.actions
		FROM (SELECT DISTINCT ticket_id FROM ticket_days WHERE broken = 1 AND day >= $1 AND day <= $2) d
		JOIN ticket_facts f ON f.ticket_id = d.ticket_id JOIN tickets t ON t.id = d.ticket_id
		JOIN persons p ON p.id = t.person_id LEFT JOIN customers c ON c.id = p.customer_id
		LEFT JOIN rca_notes n ON n.subject = COALESCE((SELECT o.subject FROM rca_notes o WHERE o.subject = t.id), t.incident_id) ORDER BY t.id`, from, to)
	return collect(rows, err, func(r rowScanner) (report.BrokenTicket, error) {
		var b report.BrokenTicket
		var received int64
		var customer, company, cause, impact, actions sql.NullString
		var mrr sql.NullInt64
		var err error
		b.Facts, err = scanFacts(tail{r, []any{&b.ID, &b.Number, &b.State, &received, &customer, &company, &mrr, &cause, &impact, &actions}})
		b.Received, b.CustomerID, b.Customer, b.MRRCents = instant(received), customer.String, company.String, mrr.Int64
		b.Note.Cause, b.Note.Impact = cause.String, impact.String
		if err == nil && actions.Valid {
			err = json.Unmarshal([]byte(actions.String), &b.Note.Actions)
		}
		return b, err
	})
}

// CreditsOf lists the credits offered for promises broken in [from, to).
func (db *DB) CreditsOf(ctx context.Context, from, to time.Time) ([]report.CreditRow, error) {
	rows, err := db.get(ctx, `SELECT k.breach_at, k.ticket_id, t.number, COALESCE(c.company, ''), k.target, k.state, k.share, k.applied, COALESCE(c.mrr_cents, 0)
		FROM credits k JOIN tickets t ON t.id = k.ticket_id LEFT JOIN customers c ON c.id = k.account
		WHERE k.breach_at >= $1 AND k.breach_at < $2 ORDER BY k.breach_at, k.id`, millis(from), millis(to))
	return collect(rows, err, func(r rowScanner) (report.CreditRow, error) {
		var c report.CreditRow
		var at int64
		err := r.Scan(&at, &c.Ticket, &c.Number, &c.Company, &c.Target, &c.State, &c.Share, &c.Applied, &c.MRRCents)
		c.At = instant(at)
		return c, err
	})
}

// UrgentTickets lists active tickets of priority P0 to P2, by what is due next.
func (db *DB) UrgentTickets(ctx context.Context, limit int) ([]report.Urgent, error) {
	rows, err := db.get(ctx, `SELECT id, number, priority, tier, state, next_due, next_target FROM tickets
		WHERE state IN ('new', 'open', 'waiting_customer', 'in_progress', 'escalated', 'reopened') AND priority IN ('P0', 'P1', 'P2')
		ORDER BY CASE WHEN next_due IS NULL THEN 1 ELSE 0 END, next_due, id LIMIT $1`, limit)
	return collect(rows, err, func(r rowScanner) (report.Urgent, error) {
		var u report.Urgent
		var due sql.NullInt64
		err := r.Scan(&u.ID, &u.Number, &u.Priority, &u.Tier, &u.State, &due, &u.Target)
		u.Due = optInstant(due)
		return u, err
	})
}

// IssueReport records that the report of a period is issued now; ok is false
// when it was issued before.
func (tx *Tx) IssueReport(cadence report.Cadence, p report.Period) (ok bool, err error) {
	n, err := tx.exec("INSERT INTO issued_reports (cadence, from_day, to_day, issued_at) VALUES ($1, $2, $3, $4) ON CONFLICT (cadence, from_day) DO NOTHING",
		cadence, p.From, p.To, millis(tx.now))
	return n == 1, err
}

// ReportIssued says whether the report of a period was issued.
func (db *DB) ReportIssued(ctx context.Context, cadence report.Cadence, p report.Period) (bool, error) {
	rows, err := db.get(ctx, "SELECT COUNT(*) FROM issued_reports WHERE cadence = $1 AND from_day = $2", cadence, p.From)
	n, err := first(rows, err, scanInt)
	return n > 0, err
}
