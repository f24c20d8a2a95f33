-- What the operator says of a PUBLIC Llm, besides what its row in llm says. Where its backend's key is, never the key.

CREATE TABLE public_llm (
    name     VARCHAR(128) NOT NULL PRIMARY KEY REFERENCES llm (name) ON DELETE CASCADE,
    url      VARCHAR      NOT NULL,
    key_env  VARCHAR,
    key_file VARCHAR,
    origin   VARCHAR(16)  NOT NULL
);
