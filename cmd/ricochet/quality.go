package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// jobDraw is the job that draws a month's quality sample (D-28).
const jobDraw = "quality.draw"

type drawJob struct {
	Month string `json:"month"` // YYYY-MM
}

// drawDue asks for the sample of the month that is over, unless it was drawn.
// Every process asks; the job's key and the record of the draw let one draw.
func (a *app) drawDue(ctx context.Context) error {
	month := a.ticketing.LastMonth(a.clock.Now())
	if month == a.drawn {
		return nil
	}
	done, err := a.db.QADrawn(ctx, month)
	if err != nil {
		return err
	}
	if done {
		a.drawn = month // look no more until the next month
		return nil
	}
	payload, err := json.Marshal(drawJob{month})
	if err != nil {
		return err
	}
	return a.db.InTx(jobs.Background(ctx), func(tx *store.Tx) error {
		return tx.Enqueue(jobDraw, fmt.Sprintf("%s:%s", jobDraw, month), string(payload))
	})
}

// draw is the handler of jobDraw.
func (a *app) draw(ctx context.Context, j jobs.Job) error {
	var want drawJob
	if err := json.Unmarshal([]byte(j.Payload), &want); err != nil {
		return fmt.Errorf("job payload: %w", err)
	}
	return a.ticketing.DrawMonth(ctx, want.Month, web.DrawSeed(a.secret, want.Month))
}
