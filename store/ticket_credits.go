package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/vmcloud/ricochet/deflect/sla"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

const creditColumns = `id, ticket_id, account, month, target, cycle, tier, priority, breach_at, noticed_at, by_change, share, evidence,
	state, offered_at, claim_until, claimed_at, review_until, decided_at, decided_by, reason, applied`

func scanCredit(r rowScanner) (ticket.Credit, error) {
	var c ticket.Credit
	var breach, noticed, byChange, offered, until int64
	var claimed, review, decided sql.NullInt64
	var evidence string
	b := &c.Breach
	err := r.Scan(&c.ID, &c.Ticket, &c.Account, &c.Month, &b.Target, &b.Cycle, &b.Tier, &b.Priority, &breach, &noticed, &byChange, &c.Share,
		&evidence, &c.State, &offered, &until, &claimed, &review, &decided, &c.DecidedBy, &c.Reason, &c.Applied)
	b.Kind, b.At, b.NoticedAt, b.ByReclassification = sla.Contractual, instant(breach), instant(noticed), byChange == 1
	c.Evidence, c.OfferedAt, c.ClaimUntil = json.RawMessage(evidence), instant(offered), instant(until)
	c.ClaimedAt, c.ReviewUntil, c.DecidedAt = optInstant(claimed), optInstant(review), optInstant(decided)
	return c, err
}

// InsertCredit stores a credit; ok is false when the promise has one.
func (tx *Tx) InsertCredit(c ticket.Credit) (bool, error) {
	b := c.Breach
	n, err := tx.exec("INSERT INTO credits ("+creditColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (ticket_id, target, cycle) DO NOTHING`,
		c.ID, c.Ticket, c.Account, c.Month, b.Target, b.Cycle, b.Tier, b.Priority, millis(b.At), millis(b.NoticedAt),
		flag(b.ByReclassification), c.Share, string(c.Evidence), c.State, millis(c.OfferedAt), millis(c.ClaimUntil),
		optMillis(c.ClaimedAt), optMillis(c.ReviewUntil), optMillis(c.DecidedAt), c.DecidedBy, c.Reason, c.Applied)
	return n == 1, err
}

// CreditForUpdate finds a credit; nobody else can decide on the credits of its
// account until the transaction ends, so that two decisions at once do not
// both find room under the month's cap.
func (tx *Tx) CreditForUpdate(id string) (ticket.Credit, error) {
	find := func() (ticket.Credit, error) {
		rows, err := tx.query("SELECT "+creditColumns+" FROM credits WHERE id = $1", id)
		return first(rows, err, scanCredit)
	}
	c, err := find()
	if err != nil || tx.db.engine != Postgres { // SQLite has one writer anyway
		return c, err
	}
	if _, err := tx.exec("SELECT pg_advisory_xact_lock(hashtext($1))", "credits:"+c.Account); err != nil {
		return c, err
	}
	return find()
}

// UpdateCredit stores what became of a credit. What it rests on never changes.
func (tx *Tx) UpdateCredit(c ticket.Credit) error {
	_, err := tx.exec(`UPDATE credits SET state = $1, offered_at = $2, claim_until = $3, claimed_at = $4, review_until = $5,
		decided_at = $6, decided_by = $7, reason = $8, applied = $9 WHERE id = $10`,
		c.State, millis(c.OfferedAt), millis(c.ClaimUntil), optMillis(c.ClaimedAt), optMillis(c.ReviewUntil),
		optMillis(c.DecidedAt), c.DecidedBy, c.Reason, c.Applied, c.ID)
	return err
}

const creditsOfMonth = "SELECT " + creditColumns + " FROM credits WHERE account = $1 AND month = $2 ORDER BY breach_at, id"

// CreditsOfMonth lists an account's credits of a month.
func (tx *Tx) CreditsOfMonth(account, month string) ([]ticket.Credit, error) {
	rows, err := tx.query(creditsOfMonth, account, month)
	return collect(rows, err, scanCredit)
}

// CreditsOfMonth lists an account's credits of a month, by breach.
func (db *DB) CreditsOfMonth(ctx context.Context, account, month string) ([]ticket.Credit, error) {
	rows, err := db.get(ctx, creditsOfMonth, account, month)
	return collect(rows, err, scanCredit)
}

const creditCap = "SELECT credit_cap FROM customers WHERE id = $1"

// CreditCap is the month's cap in the account's contract, in hundredths of a
// percent; 0 when it says nothing, or the account has no contract.
func (tx *Tx) CreditCap(account string) (int, error) {
	rows, err := tx.query(creditCap, account)
	return capOf(rows, err)
}

// CreditCap is the month's cap in the account's contract; see Tx.CreditCap.
func (db *DB) CreditCap(ctx context.Context, account string) (int, error) {
	rows, err := db.get(ctx, creditCap, account)
	return capOf(rows, err)
}

func capOf(rows *sql.Rows, err error) (int, error) {
	n, err := first(rows, err, scanInt)
	if errs.Is(err, errs.NotFound) {
		return 0, nil
	}
	return int(n), err
}

// CreditByID finds a credit; kind not_found when there is none.
func (db *DB) CreditByID(ctx context.Context, id string) (ticket.Credit, error) {
	rows, err := db.get(ctx, "SELECT "+creditColumns+" FROM credits WHERE id = $1", id)
	return first(rows, err, scanCredit)
}

// CreditByID finds a credit; kind not_found when there is none.
func (tx *Tx) CreditByID(id string) (ticket.Credit, error) {
	rows, err := tx.query("SELECT "+creditColumns+" FROM credits WHERE id = $1", id)
	return first(rows, err, scanCredit)
}

// CreditsOfTicket lists a ticket's credits, by breach.
func (db *DB) CreditsOfTicket(ctx context.Context, ticketID string) ([]ticket.Credit, error) {
	rows, err := db.get(ctx, "SELECT "+creditColumns+" FROM credits WHERE ticket_id = $1 ORDER BY breach_at, id", ticketID)
	return collect(rows, err, scanCredit)
}

// Credits lists credits with the number of their ticket and the name of the
// company, newest first. Empty fields of the filter select everything.
func (db *DB) Credits(ctx context.Context, f ticket.CreditFilter) ([]ticket.CreditRow, error) {
	rows, err := db.get(ctx, "SELECT "+qualified("k", creditColumns)+`, t.number, COALESCE(c.company, '')
		FROM credits k JOIN tickets t ON t.id = k.ticket_id LEFT JOIN customers c ON c.id = k.account
		WHERE ($1 = '' OR k.state = $1) AND ($2 = '' OR k.account = $2) AND ($3 = '' OR k.month = $3)
		ORDER BY k.offered_at DESC, k.id LIMIT $4 OFFSET $5`, f.State, f.Account, f.Month, f.Limit, f.Offset)
	return collect(rows, err, func(r rowScanner) (ticket.CreditRow, error) {
		var row ticket.CreditRow
		var err error
		row.Credit, err = scanCredit(tail{r, []any{&row.Number, &row.Company}})
		return row, err
	})
}
