package store

import (
	"context"

	"github.com/vmcloud/ricochet/deflect"
)

// AddActivity stores what a Recorder gathered; storing it again changes
// nothing.
func (db *DB) AddActivity(ctx context.Context, a deflect.Activity) error {
	return db.InTx(ctx, func(tx *Tx) error {
		for _, v := range a.Visits {
			if err := tx.saveVisit(v); err != nil {
				return err
			}
		}
		for _, r := range a.Reads {
			_, err := tx.exec(`INSERT INTO reads (visit_id, article, lang, at) SELECT id, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM visits WHERE id = $4
				ON CONFLICT (visit_id, article, lang) DO NOTHING`, r.Article, r.Lang, millis(r.At), r.Visit)
			if err != nil {
				return err
			}
		}
		for _, s := range a.Searches {
			_, err := tx.exec(`INSERT INTO searches (id, at, lang, query, results, visitor, previous, visit_id, clicked, position)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0) ON CONFLICT (id) DO NOTHING`,
				s.ID, millis(s.At), s.Lang, s.Query, s.Results, optText(s.Visitor), optText(s.Previous), optText(s.Visit))
			if err != nil {
				return err
			}
		}
		for _, id := range a.Reformulated {
			if _, err := tx.exec("UPDATE searches SET reformulated = 1 WHERE id = $1", id); err != nil {
				return err
			}
		}
		for _, c := range a.Clicks {
			if _, err := tx.exec("UPDATE searches SET clicked = $1, position = $2 WHERE id = $3 AND clicked = ''", c.Article, c.Position, c.Search); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) saveVisit(v deflect.VisitRow) error {
	_, err := tx.exec(`INSERT INTO visits (id, visitor, lang, started_at, active_at, searches, articles) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET active_at = excluded.active_at, searches = excluded.searches, articles = excluded.articles`,
		v.ID, optText(v.Visitor), v.Lang, millis(v.StartedAt), millis(v.ActiveAt), v.Searches, v.Articles)
	return err
}
