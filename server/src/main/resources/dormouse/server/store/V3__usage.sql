-- For H2 and PostgreSQL alike.

-- How long the last wakes of an Llm have taken, the oldest first, while that session owned it.
CREATE TABLE wake_time (
    name        VARCHAR(128) NOT NULL PRIMARY KEY,
    session     VARCHAR(64)  NOT NULL,
    took_millis BIGINT ARRAY NOT NULL
);
