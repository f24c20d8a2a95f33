-- For H2 and PostgreSQL alike.

-- Who may call. The secret itself is nowhere.
CREATE TABLE token (
    id          VARCHAR(64) NOT NULL PRIMARY KEY,
    hash        VARCHAR(64) NOT NULL UNIQUE, -- SHA-256 of the secret, in lower-case hex
    name        VARCHAR     NOT NULL,
    role        VARCHAR(16) NOT NULL,
    patterns    VARCHAR     NOT NULL,        -- globs with a space between them; empty: all names
    create_time TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    expire_time TIMESTAMP(6) WITH TIME ZONE,
    revoke_time TIMESTAMP(6) WITH TIME ZONE,
    last_use    TIMESTAMP(6) WITH TIME ZONE
);

-- Who did what, besides what the history of the Llms says. Without a key, for the reason that task_usage has none.
CREATE TABLE audit (
    event_time TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    actor      VARCHAR(64)  NOT NULL, -- a token's id; empty: no token was asked for, or none was good
    action     VARCHAR(32)  NOT NULL,
    subject    VARCHAR      NOT NULL,
    detail     VARCHAR      NOT NULL
);

CREATE INDEX audit_event_time ON audit (event_time);

-- The token on whose behalf it happened; empty where there was none, or nobody asked for it.
ALTER TABLE llm_event ADD COLUMN actor VARCHAR(64) DEFAULT '' NOT NULL;
