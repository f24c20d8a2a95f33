-- For H2 and PostgreSQL alike.

-- How long the last wakes of an Llm have taken, the oldest first, while that session owned it.
CREATE TABLE wake_time (
    name        VARCHAR(128) NOT NULL PRIMARY KEY,
    session     VARCHAR(64)  NOT NULL,
    took_millis BIGINT ARRAY NOT NULL
);

-- Who used which Llm for what: a row for each task that has ended. Rows are written and forgotten in order of time, so the
-- table and its index grow at one end. An index of task ids, which are random, would have each batch rewrite as many pages
-- as it has rows, and numbers from a sequence would cost a commit of their own for every 32 rows.
CREATE TABLE task_usage (
    task              VARCHAR(64)  NOT NULL,
    asked             VARCHAR(128) NOT NULL, -- the Llm or the pool that the client named
    llm               VARCHAR(128) NOT NULL, -- the Llm that served
    caller            VARCHAR      NOT NULL, -- a credential's id, or empty
    end_time          TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    end_day           INTEGER      NOT NULL, -- since 1970, in UTC
    outcome           VARCHAR(32)  NOT NULL, -- DONE, or why it ended
    prompt_tokens     BIGINT       NOT NULL,
    completion_tokens BIGINT       NOT NULL,
    bytes             BIGINT       NOT NULL,
    queued_micros     BIGINT       NOT NULL,
    woke_micros       BIGINT       NOT NULL,
    first_byte_micros BIGINT,
    total_micros      BIGINT       NOT NULL
);

CREATE INDEX task_usage_end_time ON task_usage (end_time);
