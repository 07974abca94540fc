-- +goose Up
-- The desk's list is ordered by what is due next, the tickets that nothing
-- times last. What one filters by stands in the index, so that a filter that
-- finds little reads the index alone.
DROP INDEX tickets_due;
CREATE INDEX tickets_desk ON tickets (next_due, id, state, assignee, tier, priority, category, queue, lang, tags)
    WHERE state NOT IN ('resolved', 'closed', 'merged');
-- What changed since one last looked: live pages and the search index.
CREATE INDEX tickets_updated ON tickets (updated_at, id, version);

CREATE TABLE desk_views (
    id         TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    shared     BIGINT NOT NULL,
    filter     TEXT NOT NULL,      -- as the query of an address
    created_at BIGINT NOT NULL
);
CREATE INDEX desk_views_staff ON desk_views (staff_id);

-- Who has which ticket open. A lease that nobody renews runs out.
CREATE TABLE desk_presence (
    ticket_id   TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    writing     BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, staff_id)
);
