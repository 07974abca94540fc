-- +goose Up
-- Which customer wrote a message: after a merge a colleague of the ticket's own
-- person may, and their words are theirs when they ask for them (D-36). What
-- was written before belongs to the ticket's person.
ALTER TABLE messages ADD COLUMN person_id TEXT;
