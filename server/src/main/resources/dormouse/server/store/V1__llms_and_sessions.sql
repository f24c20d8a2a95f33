-- For H2 and PostgreSQL alike. Times are UTC, to the microsecond.

CREATE TABLE fleet_revision (
    counter  VARCHAR(16) NOT NULL PRIMARY KEY,
    revision BIGINT      NOT NULL
);

INSERT INTO fleet_revision (counter, revision) VALUES ('latest', 0), ('compacted', 0);

CREATE TABLE llm (
    name            VARCHAR(128) NOT NULL PRIMARY KEY,
    kind            VARCHAR(16)  NOT NULL,
    state           VARCHAR(16)  NOT NULL,
    reason          VARCHAR      NOT NULL,
    model           VARCHAR      NOT NULL,
    pool            VARCHAR(128) NOT NULL,
    concurrency     INTEGER      NOT NULL,
    wakeable        BOOLEAN      NOT NULL,
    sleepable       BOOLEAN      NOT NULL,
    labels          VARCHAR      NOT NULL,
    max_wait_nanos  BIGINT       NOT NULL,
    backend_type    VARCHAR      NOT NULL,
    owner_session   VARCHAR(64),
    owner_agent     VARCHAR,
    owner_principal VARCHAR,
    owner_epoch     BIGINT,
    owner_replica   VARCHAR,
    create_time     TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    update_time     TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    last_heartbeat  TIMESTAMP(6) WITH TIME ZONE,
    inactive_since  TIMESTAMP(6) WITH TIME ZONE,
    before_state    VARCHAR(16),
    revision        BIGINT       NOT NULL
);

CREATE INDEX llm_owner_session ON llm (owner_session);

-- What happened, and the whole row as it was after it. No foreign key: the history outlives the row.
CREATE TABLE llm_event (
    event_revision  BIGINT       NOT NULL PRIMARY KEY,
    event_type      VARCHAR(32)  NOT NULL,
    event_time      TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    detail          VARCHAR      NOT NULL,
    name            VARCHAR(128) NOT NULL,
    kind            VARCHAR(16)  NOT NULL,
    state           VARCHAR(16)  NOT NULL,
    reason          VARCHAR      NOT NULL,
    model           VARCHAR      NOT NULL,
    pool            VARCHAR(128) NOT NULL,
    concurrency     INTEGER      NOT NULL,
    wakeable        BOOLEAN      NOT NULL,
    sleepable       BOOLEAN      NOT NULL,
    labels          VARCHAR      NOT NULL,
    max_wait_nanos  BIGINT       NOT NULL,
    backend_type    VARCHAR      NOT NULL,
    owner_session   VARCHAR(64),
    owner_agent     VARCHAR,
    owner_principal VARCHAR,
    owner_epoch     BIGINT,
    owner_replica   VARCHAR,
    create_time     TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    update_time     TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    last_heartbeat  TIMESTAMP(6) WITH TIME ZONE,
    inactive_since  TIMESTAMP(6) WITH TIME ZONE,
    before_state    VARCHAR(16),
    revision        BIGINT       NOT NULL
);

CREATE INDEX llm_event_name ON llm_event (name, event_revision);
CREATE INDEX llm_event_time ON llm_event (event_time);

CREATE TABLE agent_session (
    id            VARCHAR(64) NOT NULL PRIMARY KEY,
    token_hash    VARCHAR(64) NOT NULL,
    epoch         BIGINT      NOT NULL,
    agent_name    VARCHAR     NOT NULL,
    agent_version VARCHAR     NOT NULL,
    principal     VARCHAR     NOT NULL,
    instance_id   VARCHAR     NOT NULL,
    create_time   TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    last_seen     TIMESTAMP(6) WITH TIME ZONE NOT NULL
);

CREATE INDEX agent_session_last_seen ON agent_session (last_seen);
