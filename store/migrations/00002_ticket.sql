-- +goose Up
-- What the desk knows of a ticket beyond its first state. All of it follows
-- from ticket_events (D-12). Personal data: the five texts of escalations (D-36).

ALTER TABLE tickets ADD COLUMN subcategory TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN component   TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN tags        TEXT NOT NULL DEFAULT '[]';  -- JSON list, sorted (D-23)
ALTER TABLE tickets ADD COLUMN watchers    TEXT NOT NULL DEFAULT '[]';  -- JSON list of staff ids, sorted
ALTER TABLE tickets ADD COLUMN level       TEXT NOT NULL DEFAULT 'L1';  -- L1, L2, L3, management (D-24)
ALTER TABLE tickets ADD COLUMN incident_id TEXT;
ALTER TABLE tickets ADD COLUMN resolved_at BIGINT;
ALTER TABLE tickets ADD COLUMN closed_at   BIGINT;
ALTER TABLE tickets ADD COLUMN ending      TEXT NOT NULL DEFAULT '';    -- why it was closed (D-21, D-30)
-- Partial: most tickets have neither while people wait for them to be stored.
CREATE INDEX tickets_incident ON tickets (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX tickets_closed ON tickets (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE ticket_links (
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    other_id   TEXT NOT NULL REFERENCES tickets (id),
    kind       TEXT NOT NULL,           -- related, duplicate, caused_by, follows, split_from, merged_to
    staff_id   TEXT NOT NULL,           -- '' when the program made it
    created_at BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, other_id, kind)
);
CREATE INDEX ticket_links_other ON ticket_links (other_id);

CREATE TABLE time_entries (
    id         TEXT PRIMARY KEY,
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    staff_id   TEXT NOT NULL,
    minutes    BIGINT NOT NULL,
    message_id TEXT,                    -- the note that says what for
    created_at BIGINT NOT NULL
);
CREATE INDEX time_entries_ticket ON time_entries (ticket_id, created_at);

CREATE TABLE escalations (
    id         TEXT PRIMARY KEY,
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    from_level TEXT NOT NULL,
    to_level   TEXT NOT NULL,
    automatic  BIGINT NOT NULL,         -- 1: by a rule; a person owes the brief until written_at
    reason     TEXT NOT NULL,
    problem    TEXT NOT NULL,
    timeline   TEXT NOT NULL,
    impact     TEXT NOT NULL,
    attempts   TEXT NOT NULL,
    help       TEXT NOT NULL,
    mrr_cents  BIGINT NOT NULL,
    tier       TEXT NOT NULL,
    staff_id   TEXT NOT NULL,           -- who wrote the brief, ''
    created_at BIGINT NOT NULL,
    written_at BIGINT
);
CREATE INDEX escalations_ticket ON escalations (ticket_id, created_at);
CREATE INDEX escalations_owed ON escalations (created_at) WHERE written_at IS NULL;

-- A known issue that gathers tickets and answers them together. Personal data:
-- title, summary, incident_answers.body and rca_notes' texts may name people.
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    number      TEXT NOT NULL UNIQUE,   -- 'INC-7K3F', what people quote
    title       TEXT NOT NULL,
    summary     TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    resolved_at BIGINT,
    version     BIGINT NOT NULL
);
CREATE INDEX incidents_open ON incidents (created_at) WHERE resolved_at IS NULL;

CREATE TABLE incident_answers (
    id          TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incidents (id),
    body        TEXT NOT NULL,
    next_state  TEXT NOT NULL,          -- state of the tickets afterwards, '' to leave it
    staff_id    TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX incident_answers_incident ON incident_answers (incident_id, created_at);

CREATE TABLE rca_notes (
    subject    TEXT PRIMARY KEY,        -- id of the incident or ticket it is about
    cause      TEXT NOT NULL,
    impact     TEXT NOT NULL,
    timeline   TEXT NOT NULL,
    actions    TEXT NOT NULL,           -- JSON list of corrective actions
    staff_id   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);
CREATE INDEX rca_notes_created ON rca_notes (created_at);

-- D-27. Personal data: comment, review, contact_note.
CREATE TABLE surveys (
    ticket_id   TEXT PRIMARY KEY REFERENCES tickets (id),
    person_id   TEXT NOT NULL REFERENCES persons (id),
    score       BIGINT NOT NULL,        -- 1 to 5
    solved      BIGINT NOT NULL,
    comment     TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    review_due  BIGINT NOT NULL,        -- 1: below 3, somebody must review it
    reviewer    TEXT NOT NULL,          -- staff id, '' until then
    review      TEXT NOT NULL,
    reviewed_at BIGINT
);
CREATE INDEX surveys_answered ON surveys (answered_at);
CREATE INDEX surveys_open ON surveys (answered_at) WHERE review_due = 1 AND reviewed_at IS NULL;

CREATE TABLE nps_answers (
    person_id    TEXT NOT NULL REFERENCES persons (id),
    quarter      TEXT NOT NULL,         -- '2026-Q4'
    score        BIGINT NOT NULL,       -- 0 to 10
    comment      TEXT NOT NULL,
    answered_at  BIGINT NOT NULL,
    contacted_by TEXT NOT NULL,         -- staff id, '' until a detractor was contacted
    contact_note TEXT NOT NULL,
    contacted_at BIGINT,
    PRIMARY KEY (person_id, quarter)
);
CREATE INDEX nps_answers_quarter ON nps_answers (quarter, answered_at);

-- D-28: the sample of a month and what was found. Personal data: comment.
CREATE TABLE qa_reviews (
    month     TEXT NOT NULL,            -- '2026-11'
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    staff_id  TEXT NOT NULL,            -- whose work it was
    drawn_at  BIGINT NOT NULL,
    reviewer  TEXT NOT NULL,
    scores    TEXT NOT NULL,            -- JSON: criterion -> 0..100
    total     BIGINT,                   -- out of 100; NULL until scored
    comment   TEXT NOT NULL,
    scored_at BIGINT,
    PRIMARY KEY (month, ticket_id)
);

-- The month's cap of a contract, in hundredths of a percent; 0: the policy's (D-25).
ALTER TABLE customers ADD COLUMN credit_cap BIGINT NOT NULL DEFAULT 0;

-- D-25, D-26: one row for each broken promise that earns something.
CREATE TABLE credits (
    id           TEXT PRIMARY KEY,
    ticket_id    TEXT NOT NULL REFERENCES tickets (id),
    target       TEXT NOT NULL,
    cycle        BIGINT NOT NULL,
    account      TEXT NOT NULL,         -- customer, or person without one: whose month it is
    month        TEXT NOT NULL,         -- 'YYYY-MM' of the breach
    tier         TEXT NOT NULL,
    priority     TEXT NOT NULL,
    breach_at    BIGINT NOT NULL,
    noticed_at   BIGINT NOT NULL,
    by_change    BIGINT NOT NULL,       -- 1: by_reclassification, waits for a person (D-16)
    share        BIGINT NOT NULL,       -- hundredths of a percent of the month, before the cap
    evidence     TEXT NOT NULL,         -- JSON of the clocks at the breach, frozen
    state        TEXT NOT NULL,         -- waiting, offered, claimed, applied, refused, excluded
    offered_at   BIGINT NOT NULL,
    claim_until  BIGINT NOT NULL,
    claimed_at   BIGINT,
    review_until BIGINT,
    decided_at   BIGINT,
    decided_by   TEXT NOT NULL,
    reason       TEXT NOT NULL,
    applied      BIGINT NOT NULL,       -- what the decision gave, under the month's cap
    UNIQUE (ticket_id, target, cycle)
);
CREATE INDEX credits_account ON credits (account, month);
CREATE INDEX credits_state ON credits (state, offered_at);
