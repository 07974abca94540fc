-- +goose Up
-- Articles that were drafted for a question without an answer, so that the
-- page can say later whether the question was asked less. The questions are
-- redacted; a person's export and erasure need not look here.
CREATE TABLE gap_drafts (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    staff_id   TEXT NOT NULL,
    lang       TEXT NOT NULL,
    article    TEXT NOT NULL,            -- the pair the draft was given: section/slug
    title      TEXT NOT NULL,
    questions  TEXT NOT NULL             -- JSON: a list of redacted texts with their language
);
CREATE INDEX gap_drafts_at ON gap_drafts (at);
