-- +goose Up
-- Where a ticket waits (D-23), and what an API request looked like, so that
-- its idempotency key is not used for another one.
ALTER TABLE tickets ADD COLUMN queue TEXT NOT NULL DEFAULT 'general';
ALTER TABLE tickets ADD COLUMN fingerprint TEXT;

-- Where an answer to a mail goes: an address that names the ticket.
ALTER TABLE mails ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';

-- The links of mails that were used: each acts once.
CREATE TABLE used_links (
    token_hash TEXT PRIMARY KEY,
    ticket_id  TEXT,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL     -- the row is of no use after the link has expired
);
CREATE INDEX used_links_expires ON used_links (expires_at);
