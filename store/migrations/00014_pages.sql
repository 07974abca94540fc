-- +goose Up
-- Whether on-call was called for an unverified sender within the hour is asked
-- at every such ticket (D-22). An outage brings them by the thousand, nearly
-- all held back: the index holds the calls that were made and no others.
DROP INDEX alerts_pages;
CREATE INDEX alerts_pages ON alerts (created_at) WHERE unverified = 1 AND held = 0;
