-- +goose Up
-- When a timer must look at a ticket next; NULL for never. Tickets from before
-- are looked at once.
ALTER TABLE tickets ADD COLUMN wake_at BIGINT;
UPDATE tickets SET wake_at = updated_at WHERE state NOT IN ('closed', 'merged');
CREATE INDEX tickets_wake ON tickets (wake_at) WHERE wake_at IS NOT NULL;

-- What the team was told: one row per ticket, target, cycle and threshold, per
-- call to whoever is on call, per escalation. Ids and numbers only (D-36).
CREATE TABLE alerts (
    id         TEXT PRIMARY KEY,
    dedupe     TEXT NOT NULL UNIQUE,
    ticket_id  TEXT REFERENCES tickets (id),  -- NULL: about the installation
    event      TEXT NOT NULL,                 -- alert.75, page, escalation.L3, feed.failed ...
    target     TEXT NOT NULL,                 -- '' when no promise is meant
    cycle      BIGINT NOT NULL,
    due        BIGINT,                        -- the promise
    audience   TEXT NOT NULL,                 -- roles, separated by blanks
    unverified BIGINT NOT NULL,               -- 1: nobody has proved to read the sender's address
    held       BIGINT NOT NULL,               -- 1: nobody was called, an unverified sender had been within the hour (D-22)
    fired_at   BIGINT NOT NULL,               -- when it was due to be told
    created_at BIGINT NOT NULL
);
CREATE INDEX alerts_created ON alerts (created_at);
CREATE INDEX alerts_ticket ON alerts (ticket_id);
CREATE INDEX alerts_pages ON alerts (created_at) WHERE unverified = 1;

-- What goes to a channel: exactly one row per event and channel, whose id the
-- receiver sees at every attempt.
CREATE TABLE deliveries (
    id          TEXT PRIMARY KEY,
    dedupe      TEXT NOT NULL UNIQUE,
    alert_id    TEXT REFERENCES alerts (id),
    ticket_id   TEXT REFERENCES tickets (id),
    event       TEXT NOT NULL,
    channel     TEXT NOT NULL,
    body        TEXT NOT NULL,                -- the bytes that are sent; no personal data
    state       TEXT NOT NULL,                -- queued, delivered, undelivered
    stands_for  TEXT NOT NULL,                -- 'mail:' and the alert whose mails did not arrive, ''
    attempts    BIGINT NOT NULL,
    last_error  TEXT NOT NULL,
    send_at     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX deliveries_alert ON deliveries (alert_id);
CREATE INDEX deliveries_state ON deliveries (created_at) WHERE state <> 'delivered';

ALTER TABLE mails ADD COLUMN alert_id TEXT;   -- the alert it tells of
ALTER TABLE mails ADD COLUMN send_at BIGINT;  -- not before; NULL: at once
CREATE INDEX mails_alert ON mails (alert_id) WHERE alert_id IS NOT NULL;
