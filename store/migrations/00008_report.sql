-- +goose Up
-- What the reports read: sums per civil day of the site's zone, made from the
-- raw rows in the background and rebuilt at will (`ricochet report rebuild`).

-- One row per place of a day: data is JSON of counts, delta by how much the
-- day changed a standing total (the backlog, for tickets).
CREATE TABLE rollup (
    subject TEXT NOT NULL,
    dim     TEXT NOT NULL,               -- '' for all together
    day     TEXT NOT NULL,
    value   TEXT NOT NULL,
    data    TEXT NOT NULL,
    delta   BIGINT NOT NULL,
    PRIMARY KEY (subject, dim, day, value)
);

-- Searches by what was asked; purged together with the searches (D-36).
CREATE TABLE rollup_queries (
    day          TEXT NOT NULL,
    lang         TEXT NOT NULL,
    query        TEXT NOT NULL,
    n            BIGINT NOT NULL,
    no_result    BIGINT NOT NULL,
    no_click     BIGINT NOT NULL,
    reformulated BIGINT NOT NULL,
    success      BIGINT NOT NULL,
    PRIMARY KEY (day, lang, query)
);

CREATE TABLE rollup_votes (
    day      TEXT NOT NULL,
    lang     TEXT NOT NULL,
    article  TEXT NOT NULL,
    revision BIGINT NOT NULL,
    helpful  BIGINT NOT NULL,
    reason   TEXT NOT NULL,              -- of a "no"
    n        BIGINT NOT NULL,
    PRIMARY KEY (day, lang, article, revision, helpful, reason)
);

CREATE TABLE rollup_articles (
    day           TEXT NOT NULL,
    lang          TEXT NOT NULL,
    article       TEXT NOT NULL,
    suggested     BIGINT NOT NULL,
    opened        BIGINT NOT NULL,
    confirmed     BIGINT NOT NULL,
    assumed       BIGINT NOT NULL,
    revoked       BIGINT NOT NULL,
    ticketed      BIGINT NOT NULL,
    clicks        BIGINT NOT NULL,
    reads         BIGINT NOT NULL,
    tickets_after BIGINT NOT NULL,
    PRIMARY KEY (day, lang, article)
);

-- The same by whole month, of the months that are over: a year is then a few
-- thousand rows instead of tens of thousands. Views come from article_views.
CREATE TABLE rollup_query_months (
    month        TEXT NOT NULL,
    lang         TEXT NOT NULL,
    query        TEXT NOT NULL,
    n            BIGINT NOT NULL,
    no_result    BIGINT NOT NULL,
    no_click     BIGINT NOT NULL,
    reformulated BIGINT NOT NULL,
    success      BIGINT NOT NULL,
    PRIMARY KEY (month, lang, query)
);

CREATE TABLE rollup_article_months (
    month         TEXT NOT NULL,
    lang          TEXT NOT NULL,
    article       TEXT NOT NULL,
    suggested     BIGINT NOT NULL,
    opened        BIGINT NOT NULL,
    confirmed     BIGINT NOT NULL,
    assumed       BIGINT NOT NULL,
    revoked       BIGINT NOT NULL,
    ticketed      BIGINT NOT NULL,
    clicks        BIGINT NOT NULL,
    reads         BIGINT NOT NULL,
    tickets_after BIGINT NOT NULL,
    views         BIGINT NOT NULL,
    PRIMARY KEY (month, lang, article)
);

-- What each ticket contributes, drawn from its event log (D-12).
CREATE TABLE ticket_facts (
    ticket_id    TEXT PRIMARY KEY,
    version      BIGINT NOT NULL,        -- of the ticket it was drawn from
    active       BIGINT NOT NULL,        -- 1: it may change still
    check_at     BIGINT,                 -- when time alone may change it
    received_day TEXT NOT NULL,
    person_id    TEXT NOT NULL,
    data         TEXT NOT NULL           -- JSON, ids only
);
CREATE INDEX ticket_facts_active ON ticket_facts (check_at) WHERE active = 1;
CREATE INDEX ticket_facts_received ON ticket_facts (received_day, person_id);

CREATE TABLE ticket_days (
    day       TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    broken    BIGINT NOT NULL,           -- 1: a promise to the customer was broken that day
    PRIMARY KEY (day, ticket_id)
);
CREATE INDEX ticket_days_ticket ON ticket_days (ticket_id);
CREATE INDEX ticket_days_broken ON ticket_days (day) WHERE broken = 1;

-- How far the sums reach.
CREATE TABLE rollup_state (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL                  -- JSON
);

-- The periodic reports that were issued, each once.
CREATE TABLE issued_reports (
    cadence   TEXT NOT NULL,             -- daily, weekly, monthly, quarterly
    from_day  TEXT NOT NULL,
    to_day    TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    PRIMARY KEY (cadence, from_day)
);
