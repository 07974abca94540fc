-- +goose Up
-- One text for SQLite and PostgreSQL: TEXT ids made in Go, BIGINT UTC
-- milliseconds, JSON as TEXT. Personal data sits in persons, messages,
-- attachments, mails, votes.comment and quarantine; everything else holds
-- opaque ids (D-36).

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE customers (
    id         TEXT PRIMARY KEY,
    company    TEXT NOT NULL,
    contract   TEXT NOT NULL,      -- tier named in the contract, '' when there is none
    mrr_cents  BIGINT NOT NULL,    -- monthly revenue, euro cents
    updated_at BIGINT NOT NULL
);

CREATE TABLE customer_keys (
    lookup      TEXT PRIMARY KEY,  -- 'email:a@b.c' or 'domain:b.c'
    customer_id TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE
);
CREATE INDEX customer_keys_customer ON customer_keys (customer_id);

CREATE TABLE persons (
    id           TEXT PRIMARY KEY,
    email        TEXT NOT NULL UNIQUE,  -- trimmed, lower case
    name         TEXT NOT NULL,
    lang         TEXT NOT NULL,
    customer_id  TEXT REFERENCES customers (id) ON DELETE SET NULL,
    confirmed_at BIGINT,                -- the person acted on a link that was mailed to the address
    created_at   BIGINT NOT NULL
);

CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    lang          TEXT NOT NULL,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE staff_sessions (
    token_hash TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX staff_sessions_expires ON staff_sessions (expires_at);

CREATE TABLE api_tokens (
    token_hash TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tickets (
    id            TEXT PRIMARY KEY,
    number        TEXT NOT NULL UNIQUE,
    form_token    TEXT UNIQUE,           -- hash of the form token or idempotency key
    access_hash   TEXT NOT NULL,         -- hash of the secret in the "my request" link, which names the ticket
    person_id     TEXT NOT NULL REFERENCES persons (id),
    visitor       TEXT,
    channel       TEXT NOT NULL,
    lang          TEXT NOT NULL,
    category      TEXT NOT NULL,
    urgency       TEXT NOT NULL,
    impact        TEXT NOT NULL,
    tier          TEXT NOT NULL,
    priority      TEXT NOT NULL,
    state         TEXT NOT NULL,
    subject       TEXT NOT NULL,
    assignee      TEXT,
    received_at   BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    next_due      BIGINT,                -- earliest running due date: the queue's order; a cache (D-12)
    next_target   TEXT NOT NULL,
    sla           TEXT NOT NULL          -- JSON of the targets' states: a cache rebuilt from the events (D-12)
);
CREATE INDEX tickets_due ON tickets (state, next_due);
CREATE INDEX tickets_person ON tickets (person_id, received_at);
CREATE INDEX tickets_received ON tickets (received_at);

CREATE TABLE ticket_events (
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    data       TEXT NOT NULL,            -- JSON, ids only
    PRIMARY KEY (ticket_id, seq)
);

CREATE TABLE messages (
    id         TEXT PRIMARY KEY,
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    author     TEXT NOT NULL,            -- customer, staff
    staff_id   TEXT,
    public     BIGINT NOT NULL,          -- 0: internal note
    body       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX messages_ticket ON messages (ticket_id, created_at);

CREATE TABLE attachments (
    id         TEXT PRIMARY KEY,
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    message_id TEXT NOT NULL REFERENCES messages (id),
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX attachments_ticket ON attachments (ticket_id);

CREATE TABLE quarantine (
    id          TEXT PRIMARY KEY,
    form_token  TEXT UNIQUE,
    reason      TEXT NOT NULL,
    submission  TEXT NOT NULL,           -- JSON of what was submitted
    received_at BIGINT NOT NULL,
    resolved_at BIGINT,
    ticket_id   TEXT REFERENCES tickets (id)
);
CREATE INDEX quarantine_open ON quarantine (resolved_at, received_at);

CREATE TABLE attempts (
    id            TEXT PRIMARY KEY,
    form_token    TEXT NOT NULL UNIQUE,
    unit          TEXT NOT NULL,         -- visitor, else form token (D-29)
    visitor       TEXT,
    person_id     TEXT,
    lang          TEXT NOT NULL,
    category      TEXT NOT NULL,
    script        BIGINT NOT NULL,       -- 1 when the browser ran our script
    counted       BIGINT NOT NULL,       -- 0: a later attempt of the unit within 7 days
    started_at    BIGINT NOT NULL,
    active_at     BIGINT NOT NULL,
    shown         BIGINT NOT NULL,       -- suggestions were shown at least once
    opened        TEXT NOT NULL,         -- last suggested article opened, ''
    dwell_ms      BIGINT NOT NULL,       -- longest stay on a suggested article
    outcome       TEXT NOT NULL,         -- '', ticket, confirmed, assumed, abandoned (D-30)
    outcome_at    BIGINT,
    article       TEXT NOT NULL,         -- the article that answered, ''
    ticket_id     TEXT,
    revoked_at    BIGINT,
    revoked_by    TEXT
);
-- Partial where the rows looked for are few: most attempts end as tickets, and
-- every index entry is paid by the person who waits for one.
CREATE INDEX attempts_unit ON attempts (unit, started_at) WHERE visitor IS NOT NULL;
CREATE INDEX attempts_open ON attempts (active_at) WHERE outcome = '';
CREATE INDEX attempts_started ON attempts (started_at);
CREATE INDEX attempts_claim_visitor ON attempts (visitor, outcome_at) WHERE outcome IN ('confirmed', 'assumed');
CREATE INDEX attempts_claim_person ON attempts (person_id, outcome_at) WHERE outcome IN ('confirmed', 'assumed');

CREATE TABLE ledger (
    id         TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    article    TEXT NOT NULL,
    data       TEXT NOT NULL
);
CREATE INDEX ledger_attempt ON ledger (attempt_id, at);

CREATE TABLE votes (
    lang     TEXT NOT NULL,
    article  TEXT NOT NULL,
    revision BIGINT NOT NULL,
    voter    TEXT NOT NULL,
    helpful  BIGINT NOT NULL,
    reason   TEXT NOT NULL,
    comment  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (lang, article, revision, voter)
);
CREATE INDEX votes_at ON votes (at);

CREATE TABLE article_views (
    day     TEXT NOT NULL,
    lang    TEXT NOT NULL,
    article TEXT NOT NULL,
    views   BIGINT NOT NULL,
    PRIMARY KEY (day, lang, article)
);

CREATE TABLE searches (
    id       TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    lang     TEXT NOT NULL,
    query    TEXT NOT NULL,              -- normalised and masked
    results  BIGINT NOT NULL,
    visitor  TEXT,
    previous TEXT,                       -- the search of the same visit that this one reformulates
    clicked  TEXT NOT NULL,
    position BIGINT NOT NULL             -- of the first click, 1-based; 0 without a click
);
CREATE INDEX searches_at ON searches (at);
CREATE INDEX searches_visitor ON searches (visitor, at);

CREATE TABLE mails (
    id          TEXT PRIMARY KEY,
    dedupe      TEXT NOT NULL UNIQUE,    -- exactly one row per message that must be sent
    ticket_id   TEXT,
    person_id   TEXT,
    lang        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    body        TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    in_reply_to TEXT NOT NULL,
    automatic   BIGINT NOT NULL,
    state       TEXT NOT NULL,           -- queued, sent, suppressed
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT
);
CREATE INDEX mails_recipient ON mails (recipient, created_at);
CREATE INDEX mails_ticket ON mails (ticket_id);
CREATE INDEX mails_state ON mails (state, created_at);

CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    dedupe      TEXT UNIQUE,
    payload     TEXT NOT NULL,
    state       TEXT NOT NULL,           -- available, running, dead
    run_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    worker      TEXT NOT NULL,
    last_error  TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'available';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
