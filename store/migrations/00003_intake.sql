-- +goose Up
-- Where a ticket waits (D-23), and what an API request looked like, so that
-- its idempotency key is not used for another one.
ALTER TABLE tickets ADD COLUMN queue TEXT NOT NULL DEFAULT 'general';
ALTER TABLE tickets ADD COLUMN fingerprint TEXT;

-- Where an answer to a mail goes: an address that names the ticket.
ALTER TABLE mails ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';

-- How much each member of the team owes work on, for assignment (D-22).
CREATE INDEX tickets_owed ON tickets (assignee) WHERE assignee IS NOT NULL AND state NOT IN ('resolved', 'closed', 'merged');
