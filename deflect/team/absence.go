package team

import (
	"context"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// maxAbsence bounds a mistyped year.
const maxAbsence = 366 * 24 * time.Hour

// PlanAbsence notes that a person will be away from from until until
// (half-open, D-3). Everybody plans their own; others' need ManageAbsences.
func (s *Service) PlanAbsence(ctx context.Context, actor, staffID string, from, until time.Time) error {
	switch {
	case from.IsZero():
		return errs.InvalidFields(errs.Field{Name: "from", Key: "error.field.date"})
	case until.IsZero():
		return errs.InvalidFields(errs.Field{Name: "until", Key: "error.field.date"})
	case !until.After(from) || until.Sub(from) > maxAbsence:
		return errs.InvalidFields(errs.Field{Name: "until", Key: "error.field.date_order"})
	}
	return s.forAbsence(ctx, actor, staffID, func(tx Tx) error {
		a := ticket.Absence{ID: newID(), StaffID: staffID, From: from, Until: until, CreatedBy: actor}
		if err := tx.InsertAbsence(a); err != nil {
			return err
		}
		return tx.Audit(actor, AbsencePlanned, staffID, absenceData(a))
	})
}

// CancelAbsence takes a planned absence back.
func (s *Service) CancelAbsence(ctx context.Context, actor, id string) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		a, err := tx.AbsenceByID(id)
		if err != nil {
			return err
		}
		return Service{Store: nested{tx}}.forAbsence(ctx, actor, a.StaffID, func(tx Tx) error {
			if err := tx.DeleteAbsence(id); err != nil {
				return err
			}
			return tx.Audit(actor, AbsenceCancelled, a.StaffID, absenceData(a))
		})
	})
}

func absenceData(a ticket.Absence) map[string]string {
	return map[string]string{"from": a.From.UTC().Format(time.RFC3339), "until": a.Until.UTC().Format(time.RFC3339)}
}

// forAbsence checks that the actor may plan a person's absences.
func (s Service) forAbsence(ctx context.Context, actor, staffID string, f func(Tx) error) error {
	return s.Store.InTx(ctx, func(tx Tx) error {
		me, err := tx.StaffByID(actor)
		if err != nil {
			return err
		}
		if actor != staffID {
			if err := Require(me.Role, ManageAbsences); err != nil {
				return err
			}
			if _, err := tx.StaffByID(staffID); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

// nested runs inside a transaction that is already open.
type nested struct{ tx Tx }

// InTx calls fn with the open transaction.
func (n nested) InTx(_ context.Context, fn func(Tx) error) error { return fn(n.tx) }
