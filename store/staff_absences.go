package store

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/team"
	"github.com/vmcloud/ricochet/deflect/ticket"
)

// InsertAbsence stores a planned absence.
func (tx *Tx) InsertAbsence(a ticket.Absence) error {
	_, err := tx.exec("INSERT INTO staff_absences (id, staff_id, from_at, until_at, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
		a.ID, a.StaffID, millis(a.From), millis(a.Until), a.CreatedBy, millis(tx.now))
	return err
}

// AbsenceByID finds a planned absence; kind not_found when there is none.
func (tx *Tx) AbsenceByID(id string) (ticket.Absence, error) {
	rows, err := tx.query(selectAbsences+"WHERE id = $1", id)
	return first(rows, err, scanAbsence)
}

// DeleteAbsence forgets a planned absence.
func (tx *Tx) DeleteAbsence(id string) error {
	_, err := tx.exec("DELETE FROM staff_absences WHERE id = $1", id)
	return err
}

const selectAbsences = "SELECT id, staff_id, from_at, until_at, created_by FROM staff_absences "

func scanAbsence(r rowScanner) (ticket.Absence, error) {
	var a ticket.Absence
	var from, until int64
	err := r.Scan(&a.ID, &a.StaffID, &from, &until, &a.CreatedBy)
	a.From, a.Until = instant(from), instant(until)
	return a, err
}

// Absences lists the planned absences that end after since, in their order.
func (db *DB) Absences(ctx context.Context, since time.Time) ([]ticket.Absence, error) {
	rows, err := db.get(ctx, selectAbsences+"WHERE until_at > $1 ORDER BY from_at, id", millis(since))
	return collect(rows, err, scanAbsence)
}

// AbsentStaff is the set of people who are away at an instant by plan;
// assignment and the alert at 75 % pass over them (D-18, D-22).
func (tx *Tx) AbsentStaff(at time.Time) (map[string]bool, error) {
	rows, err := tx.query("SELECT DISTINCT staff_id FROM staff_absences WHERE from_at <= $1 AND until_at > $2", millis(at), millis(at))
	ids, err := collect(rows, err, scanText)
	away := make(map[string]bool, len(ids))
	for _, id := range ids {
		away[id] = true
	}
	return away, err
}

// SetNamedContact says who looks after a customer; "" for nobody.
func (tx *Tx) SetNamedContact(customerID, staffID string) error {
	_, err := tx.exec("UPDATE customers SET contact_id = $1 WHERE id = $2", optText(staffID), customerID)
	return err
}

// ContactCustomers lists the customers with an Enterprise contract or revenue
// of at least cents a month, and those who have a named contact already.
func (db *DB) ContactCustomers(ctx context.Context, cents int64) ([]team.ContactCustomer, error) {
	rows, err := db.get(ctx, `SELECT id, company, contract, mrr_cents, COALESCE(contact_id, '') FROM customers
		WHERE contract = 'enterprise' OR mrr_cents > $1 OR contact_id IS NOT NULL ORDER BY company, id LIMIT 500`, cents)
	return collect(rows, err, func(r rowScanner) (team.ContactCustomer, error) {
		var c team.ContactCustomer
		err := r.Scan(&c.ID, &c.Company, &c.Contract, &c.MRRCents, &c.ContactID)
		return c, err
	})
}
