package store

import (
	"context"
	"database/sql"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

func scanCustomer(r rowScanner) (intake.Customer, error) {
	var c intake.Customer
	var at int64
	err := r.Scan(&c.ID, &c.Company, &c.Contract, &c.MRRCents, &at)
	c.UpdatedAt = instant(at)
	return c, err
}

// Met says what is known of a form token, a visitor and the lookup keys of an
// address (at most two): one statement where each answer would need its own.
func (tx *Tx) Met(formToken, visitor string, keys []string) (intake.Met, error) {
	rows, err := tx.query(`SELECT EXISTS (SELECT 1 FROM tickets WHERE form_token = $1), EXISTS (SELECT 1 FROM attempts WHERE form_token = $1),
		EXISTS (SELECT 1 FROM attempts WHERE unit = $2 AND visitor IS NOT NULL), EXISTS (SELECT 1 FROM customer_keys WHERE lookup IN ($3, $4))`,
		formToken, visitor, keys[0], keys[len(keys)-1])
	return first(rows, err, func(r rowScanner) (intake.Met, error) {
		var m intake.Met
		err := r.Scan(&m.Ticket, &m.Attempt, &m.Visitor, &m.Customer)
		return m, err
	})
}

// CustomerOf finds the customer of the first of keys that is known: at most an
// address and its domain, whose keys sort the other way round.
func (tx *Tx) CustomerOf(keys []string) (intake.Customer, error) {
	rows, err := tx.query(`SELECT c.id, c.company, c.contract, c.mrr_cents, c.updated_at
		FROM customer_keys k JOIN customers c ON c.id = k.customer_id WHERE k.lookup IN ($1, $2) ORDER BY k.lookup DESC LIMIT 1`,
		keys[0], keys[len(keys)-1])
	return first(rows, err, scanCustomer)
}

// SaveCustomer stores a customer and its keys; a key that belonged to another
// company moves. A company that is known keeps its id and its other keys.
func (tx *Tx) SaveCustomer(c intake.Customer) error {
	rows, err := tx.query("SELECT id FROM customers WHERE company = $1", c.Company)
	switch id, err := first(rows, err, scanText); {
	case err == nil:
		c.ID = id
	case !errs.Is(err, errs.NotFound):
		return err
	}
	_, err = tx.exec(`INSERT INTO customers (id, company, contract, mrr_cents, credit_cap, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET contract = excluded.contract, mrr_cents = excluded.mrr_cents, credit_cap = excluded.credit_cap,
		updated_at = excluded.updated_at`, c.ID, c.Company, c.Contract, c.MRRCents, c.CreditCap, millis(tx.now))
	if err != nil {
		return err
	}
	for _, k := range c.Lookups {
		if _, err := tx.exec(`INSERT INTO customer_keys (lookup, customer_id) VALUES ($1, $2)
			ON CONFLICT (lookup) DO UPDATE SET customer_id = excluded.customer_id`, k, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func scanText(r rowScanner) (string, error) {
	var s string
	err := r.Scan(&s)
	return s, err
}

// SaveCustomers stores a whole customer list, or nothing of it.
func (db *DB) SaveCustomers(ctx context.Context, list []intake.Customer) error {
	return db.InTx(ctx, func(tx *Tx) error {
		for _, c := range list {
			if err := tx.SaveCustomer(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// PersonByEmail inserts p, or returns the person who has that address. A typed
// address proves nothing, so an existing name is not overwritten.
func (tx *Tx) PersonByEmail(p intake.Person) (intake.Person, error) {
	rows, err := tx.query(`INSERT INTO persons (id, email, name, lang, customer_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (email) DO UPDATE SET customer_id = excluded.customer_id
		RETURNING id, email, name, lang, customer_id, confirmed_at`,
		p.ID, p.Email, p.Name, p.Lang, optText(p.CustomerID), millis(tx.now))
	return first(rows, err, func(r rowScanner) (intake.Person, error) {
		var p intake.Person
		var customer sql.NullString
		var confirmed sql.NullInt64
		err := r.Scan(&p.ID, &p.Email, &p.Name, &p.Lang, &customer, &confirmed)
		p.CustomerID, p.Confirmed = customer.String, confirmed.Valid
		return p, err
	})
}

// ConfirmPerson records that the address's owner acted on a mailed link.
func (tx *Tx) ConfirmPerson(id string) error {
	_, err := tx.exec("UPDATE persons SET confirmed_at = $1 WHERE id = $2 AND confirmed_at IS NULL", millis(tx.now), id)
	return err
}

// RecipientOf is where mail for a person goes.
func (tx *Tx) RecipientOf(personID string) (notify.Recipient, error) {
	rows, err := tx.query("SELECT id, email, name, lang FROM persons WHERE id = $1", personID)
	return first(rows, err, scanRecipient)
}

// StaffRecipients lists everybody on the staff whose account works.
func (tx *Tx) StaffRecipients() ([]notify.Recipient, error) {
	rows, err := tx.query("SELECT id, email, name, lang FROM staff WHERE disabled_at IS NULL AND password_hash <> '' ORDER BY id")
	return collect(rows, err, scanRecipient)
}

// StaffRecipient is where mail for a staff member goes; kind not_found when
// the account is gone or disabled.
func (tx *Tx) StaffRecipient(staffID string) (notify.Recipient, error) {
	rows, err := tx.query("SELECT id, email, name, lang FROM staff WHERE id = $1 AND disabled_at IS NULL", staffID)
	return first(rows, err, scanRecipient)
}

func scanRecipient(r rowScanner) (notify.Recipient, error) {
	var n notify.Recipient
	err := r.Scan(&n.PersonID, &n.Email, &n.Name, &n.Lang)
	return n, err
}

const customerOfPerson = `SELECT p.name, p.email, p.confirmed_at, COALESCE(c.id, ''), COALESCE(c.company, ''), COALESCE(c.contract, ''),
	COALESCE(c.mrr_cents, 0), (SELECT COUNT(*) FROM tickets t WHERE t.person_id = p.id)
	FROM persons p LEFT JOIN customers c ON c.id = p.customer_id WHERE p.id = $1`

func scanCustomerView(r rowScanner) (ticket.CustomerView, error) {
	var v ticket.CustomerView
	var confirmed sql.NullInt64
	err := r.Scan(&v.Name, &v.Email, &confirmed, &v.CustomerID, &v.Company, &v.Contract, &v.MRRCents, &v.Tickets)
	v.Confirmed = confirmed.Valid
	return v, err
}

// CustomerOfPerson describes the person and company behind a ticket.
func (db *DB) CustomerOfPerson(ctx context.Context, personID string) (ticket.CustomerView, error) {
	rows, err := db.get(ctx, customerOfPerson, personID)
	return first(rows, err, scanCustomerView)
}

// CustomerOfPerson describes the person and company behind a ticket.
func (tx *Tx) CustomerOfPerson(personID string) (ticket.CustomerView, error) {
	rows, err := tx.query(customerOfPerson, personID)
	return first(rows, err, scanCustomerView)
}
