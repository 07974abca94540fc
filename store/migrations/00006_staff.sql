-- +goose Up
-- Who is on the team and what they may do, when they are away, what they did,
-- and the texts they answer with. Names and addresses stay in staff; the audit
-- log and everything else hold ids (D-36).

ALTER TABLE staff ADD COLUMN skills TEXT NOT NULL DEFAULT '{}';      -- JSON: languages and product areas (D-22)
ALTER TABLE staff ADD COLUMN disabled_at BIGINT;                     -- NULL while the account works
ALTER TABLE staff ADD COLUMN totp_secret TEXT NOT NULL DEFAULT '';   -- base32, '' while no second factor is set
ALTER TABLE staff ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;    -- the last time step that was used: each code works once
ALTER TABLE staff ADD COLUMN code_failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff ADD COLUMN code_failed_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE staff_sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff_sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE INDEX staff_sessions_staff ON staff_sessions (staff_id);

-- The named contact of an Enterprise customer (D-22).
ALTER TABLE customers ADD COLUMN contact_id TEXT REFERENCES staff (id) ON DELETE SET NULL;

CREATE TABLE staff_invites (
    token_hash TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE staff_recovery (
    staff_id  TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    used_at   BIGINT,
    PRIMARY KEY (staff_id, code_hash)
);

CREATE TABLE staff_absences (
    id         TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,          -- half-open (D-3)
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX staff_absences_staff ON staff_absences (staff_id, until_at);

CREATE TABLE audit (
    id     TEXT PRIMARY KEY,             -- sorts by time
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,                -- staff id, '' for the system and the command line
    action TEXT NOT NULL,
    object TEXT NOT NULL,                -- what it was done to: an id, or the name of a setting
    data   TEXT NOT NULL                 -- JSON of short strings, ids and numbers only
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, at);
CREATE INDEX audit_object ON audit (object, at);

CREATE TABLE macros (
    id         TEXT PRIMARY KEY,
    texts      TEXT NOT NULL,            -- JSON: language -> name and body
    state      TEXT NOT NULL,            -- state the reply moves the ticket to, ''
    tags       TEXT NOT NULL,            -- JSON array
    uses       BIGINT NOT NULL,
    used_at    BIGINT,
    version    BIGINT NOT NULL,
    archived   BIGINT NOT NULL,          -- 1: no longer offered; the row stays so that a shipped one does not come back
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The articles a person read before writing, kept only where the person asked
-- for them to be shared with the team.
CREATE TABLE shared_reading (
    ticket_id TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    article   TEXT NOT NULL,
    lang      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, article, lang)
);

-- A company's tickets, for the customer panel of the desk.
CREATE INDEX persons_customer ON persons (customer_id) WHERE customer_id IS NOT NULL;
