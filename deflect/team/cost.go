package team

import (
	"context"
	"strconv"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Cost is what the support team costs a month, from a day on until the next
// one's day. Earlier statements about the same day are history.
type Cost struct {
	ID    string
	From  string // the first day, YYYY-MM-DD
	Cents int64  // euro cents a month; 0: not known from that day on
	Staff string // who said so
	At    time.Time
}

// maxCost bounds a month's cost, in euro cents: a billion euros.
const maxCost = 100_000_000_000

// SupportCost names the cost in the audit log.
const SupportCost = "support_cost"

// SetCost says what the team costs a month from a day on. Nothing is
// overwritten: each statement is a row.
func (s *Service) SetCost(ctx context.Context, actor, from string, cents int64) error {
	var wrong []errs.Field
	if day, err := time.Parse(time.DateOnly, from); err != nil || day.Year() < 2000 || day.Year() > 2999 {
		wrong = append(wrong, errs.Field{Name: "from", Key: "error.report.day"})
	}
	if cents < 0 || cents > maxCost {
		wrong = append(wrong, errs.Field{Name: "cost", Key: "error.field.money"})
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return s.act(ctx, actor, ChangeCosts, func(tx Tx, _ ticket.Staff) error {
		if err := tx.InsertCost(Cost{ID: newID(), From: from, Cents: cents, Staff: actor, At: tx.Now()}); err != nil {
			return err
		}
		return tx.Audit(actor, SettingChanged, SupportCost, map[string]string{"from": from, "cents": strconv.FormatInt(cents, 10)})
	})
}
