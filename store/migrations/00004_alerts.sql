-- +goose Up
-- When a timer must look at a ticket next; NULL for never. Tickets from before
-- are looked at once.
ALTER TABLE tickets ADD COLUMN wake_at BIGINT;
UPDATE tickets SET wake_at = updated_at WHERE state NOT IN ('closed', 'merged');
CREATE INDEX tickets_wake ON tickets (wake_at) WHERE wake_at IS NOT NULL;
