-- +goose Up
-- Whether a ticket of the same browser followed a visit, and the reading of an
-- article, within 72 h: written when the visitor is forgotten (D-36), NULL
-- until then. The figures rest on it from then on.
ALTER TABLE visits ADD COLUMN followed BIGINT;
ALTER TABLE reads ADD COLUMN followed BIGINT;

-- What the support team costs a month, from a day on. Append-only: the last
-- row of a day counts, the others are the history.
CREATE TABLE support_costs (
    id       TEXT PRIMARY KEY,
    from_day TEXT NOT NULL,
    cents    BIGINT NOT NULL,            -- euro cents a month; 0: no longer said
    staff_id TEXT NOT NULL,
    set_at   BIGINT NOT NULL
);
