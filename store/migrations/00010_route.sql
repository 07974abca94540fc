-- +goose Up
-- The console screen from which the contact form was opened, for the
-- deflection by screen.
ALTER TABLE attempts ADD COLUMN route TEXT NOT NULL DEFAULT '';
