-- +goose Up
-- What measures deflection: the hold-out experiment (D-32), the visits and the
-- searches of D-35.

-- Append-only: each row is valid from its instant to the next one's, and is a
-- stratum of the estimate.
CREATE TABLE experiment_periods (
    id        TEXT PRIMARY KEY,
    at        BIGINT NOT NULL,
    share_ppm BIGINT NOT NULL,           -- of the units, in millionths, that see no suggestions
    seed      TEXT NOT NULL,             -- of the draw
    actor     TEXT NOT NULL,             -- staff id, '' when the program or its command line did it
    reason    TEXT NOT NULL
);
CREATE INDEX experiment_periods_at ON experiment_periods (at);

-- arm: '' outside the experiment, treatment, holdout. judged: 1 once the 72 h
-- after the start are over and followed_by says whether a ticket came in them.
ALTER TABLE attempts ADD COLUMN arm TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN period TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN judged BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN followed_by TEXT;

-- A visit is a stretch of activity of one visitor without a gap of 30 minutes.
CREATE TABLE visits (
    id         TEXT PRIMARY KEY,
    visitor    TEXT,                     -- NULL once it was pseudonymised
    lang       TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    active_at  BIGINT NOT NULL,
    searches   BIGINT NOT NULL,
    articles   BIGINT NOT NULL           -- pages read
);
CREATE INDEX visits_started ON visits (started_at);
CREATE INDEX visits_visitor ON visits (visitor, started_at);

-- The articles read in a visit.
CREATE TABLE reads (
    visit_id TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    article  TEXT NOT NULL,
    lang     TEXT NOT NULL,
    at       BIGINT NOT NULL,            -- the first time
    PRIMARY KEY (visit_id, article, lang)
);
CREATE INDEX reads_at ON reads (at);

ALTER TABLE searches ADD COLUMN visit_id TEXT;
-- 1 once a later search of the visit reformulated this one (D-35).
ALTER TABLE searches ADD COLUMN reformulated BIGINT NOT NULL DEFAULT 0;
