-- +goose Up
-- Who has a ticket open is kept by page, not by person: somebody may have it
-- open twice, each time through another process, and who closes one page is
-- still there. What the table held runs out within seconds, so it starts anew.
DROP TABLE desk_presence;

CREATE TABLE desk_presence (
    page        TEXT PRIMARY KEY,   -- one open page, named by the process that serves it
    ticket_id   TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    writing     BIGINT NOT NULL,
    lease_until BIGINT NOT NULL     -- gone when it is not renewed until then
);
