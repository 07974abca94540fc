-- +goose Up
-- D-28: the months whose quality sample was drawn by itself, each once.
CREATE TABLE qa_draws (
    month    TEXT PRIMARY KEY,          -- '2026-11'
    drawn_at BIGINT NOT NULL
);
