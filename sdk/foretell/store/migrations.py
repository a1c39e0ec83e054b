"""How the store's tables came to be: numbered steps, each applied once and whole."""

from __future__ import annotations

_FIRST = """
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE processes (
    key INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, start_token TEXT NOT NULL, host TEXT NOT NULL,
    service_name TEXT NOT NULL, slot INTEGER, started_ns INTEGER NOT NULL, heartbeat_ns INTEGER NOT NULL,
    ended_ns INTEGER, python TEXT, foretell TEXT, counts TEXT
);
CREATE TABLE runs (
    key INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, root INTEGER NOT NULL, name TEXT,
    agent_name TEXT, service_name TEXT, trace_id BLOB, session_id TEXT, user_id TEXT, start_ns INTEGER NOT NULL,
    end_ns INTEGER, outcome TEXT NOT NULL, error_message TEXT, calls INTEGER NOT NULL, errors INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_usd REAL, unpriced INTEGER NOT NULL,
    seen_ns INTEGER NOT NULL
);
CREATE INDEX runs_by_start ON runs (start_ns);
CREATE INDEX runs_by_session ON runs (session_id) WHERE session_id IS NOT NULL;
CREATE TABLE calls (
    key INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, process INTEGER, id INTEGER NOT NULL, trace_id BLOB,
    parent_id INTEGER, kind TEXT NOT NULL, name TEXT, agent_name TEXT, outcome TEXT NOT NULL, start_ns INTEGER NOT NULL,
    end_ns INTEGER, step_index INTEGER, provider TEXT, request_model TEXT, response_model TEXT, error_type TEXT,
    error_message TEXT, identity TEXT, uncached_input_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER,
    output_tokens INTEGER, reasoning_tokens INTEGER, cost_usd REAL, cost_source TEXT, price_date TEXT, session TEXT,
    facts TEXT, input TEXT, output TEXT
);
CREATE INDEX calls_by_run ON calls (run);
CREATE TABLE open_calls (
    key INTEGER PRIMARY KEY, run INTEGER NOT NULL, process INTEGER NOT NULL, id INTEGER NOT NULL, trace_id BLOB,
    parent_id INTEGER, kind TEXT NOT NULL, name TEXT, agent_name TEXT, outcome TEXT NOT NULL, start_ns INTEGER NOT NULL,
    step_index INTEGER, provider TEXT, request_model TEXT, session TEXT, facts TEXT,
    UNIQUE (process, id)
);
CREATE INDEX open_calls_by_run ON open_calls (run);
CREATE TABLE blobs (sha256 BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE blob_uses (sha256 BLOB NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (sha256, run)) WITHOUT ROWID;
CREATE INDEX blob_uses_by_run ON blob_uses (run);
CREATE TABLE findings (
    key INTEGER PRIMARY KEY, trigger TEXT NOT NULL, subject TEXT NOT NULL, onset_ns INTEGER NOT NULL, end_ns INTEGER,
    run_id TEXT, severity TEXT NOT NULL, verdict TEXT NOT NULL, confidence REAL NOT NULL, span_id INTEGER,
    agent_name TEXT, explanation TEXT NOT NULL, advice TEXT NOT NULL, evidence TEXT NOT NULL,
    UNIQUE (trigger, subject, onset_ns)
);
CREATE INDEX findings_by_run ON findings (run_id);
CREATE TABLE scores (
    key INTEGER PRIMARY KEY, run_id TEXT, time_ns INTEGER NOT NULL, name TEXT NOT NULL, value REAL, label TEXT,
    comment TEXT, span_id INTEGER
);
CREATE INDEX scores_by_run ON scores (run_id);
CREATE TABLE outbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT, signal TEXT NOT NULL, created_ns INTEGER NOT NULL,
    claimed_until_ns INTEGER NOT NULL DEFAULT 0, size_bytes INTEGER NOT NULL, body BLOB NOT NULL
);
INSERT INTO secrets VALUES ('identity', randomblob(32));
"""

_LOGS = """
CREATE TABLE logs (
    key INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, time_ns INTEGER NOT NULL, severity INTEGER NOT NULL,
    severity_text TEXT, source TEXT NOT NULL, span_id INTEGER, logger TEXT, event_name TEXT, body TEXT NOT NULL,
    attributes TEXT
);
CREATE INDEX logs_by_run ON logs (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX logs_without_run ON logs (time_ns) WHERE run_id IS NULL;
"""

_FEWER_COLUMNS = """
CREATE TABLE new_calls (
    key INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, process INTEGER, id INTEGER NOT NULL, trace_id BLOB,
    parent_id INTEGER, kind TEXT NOT NULL, name TEXT, agent_name TEXT, outcome TEXT NOT NULL, start_ns INTEGER NOT NULL,
    end_ns INTEGER, step_index INTEGER, error TEXT, facts TEXT, input TEXT, output TEXT
);
INSERT INTO new_calls SELECT key, run, process, id, trace_id, parent_id, kind, name, agent_name, outcome, start_ns, end_ns,
    step_index, error_type || char(10) || ifnull(error_message, ''),
    json_patch(ifnull(facts, '{}'), json_object(
        'facts', json_object('provider', provider, 'request_model', request_model, 'response_model', response_model),
        'identity', identity, 'session', json(session),
        'usage', CASE WHEN uncached_input_tokens IS NOT NULL THEN json_array(
            uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens) END,
        'cost', CASE WHEN cost_usd IS NOT NULL THEN json_array(cost_usd, cost_source, price_date) END)),
    input, output FROM calls;
DELETE FROM sqlite_sequence WHERE name = 'new_calls';
UPDATE sqlite_sequence SET name = 'new_calls' WHERE name = 'calls';
DROP TABLE calls;
ALTER TABLE new_calls RENAME TO calls;
CREATE INDEX calls_by_run ON calls (run);
CREATE TABLE new_open_calls (
    key INTEGER PRIMARY KEY, run INTEGER NOT NULL, process INTEGER NOT NULL, id INTEGER NOT NULL, trace_id BLOB,
    parent_id INTEGER, kind TEXT NOT NULL, name TEXT, agent_name TEXT, outcome TEXT NOT NULL, start_ns INTEGER NOT NULL,
    step_index INTEGER, facts TEXT, UNIQUE (process, id)
);
INSERT INTO new_open_calls SELECT key, run, process, id, trace_id, parent_id, kind, name, agent_name, outcome, start_ns,
    step_index, json_patch(ifnull(facts, '{}'), json_object(
        'facts', json_object('provider', provider, 'request_model', request_model), 'session', json(session)))
    FROM open_calls;
DROP TABLE open_calls;
ALTER TABLE new_open_calls RENAME TO open_calls;
CREATE INDEX open_calls_by_run ON open_calls (run);
"""

_PAUSES = """
CREATE TABLE pauses (
    process INTEGER NOT NULL, run_id TEXT NOT NULL, trigger TEXT NOT NULL, explanation TEXT NOT NULL,
    since_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, resumed_ns INTEGER, PRIMARY KEY (process, run_id)
) WITHOUT ROWID;
"""

_ENDED = "ALTER TABLE open_calls ADD COLUMN end_ns INTEGER;"

MIGRATIONS: tuple[str, ...] = (_FIRST, _LOGS, _FEWER_COLUMNS, _PAUSES, _ENDED)
"""Step n brings a store from version n to n + 1; statements end with `;` and hold no other. Only ever append here."""

VERSION = len(MIGRATIONS)
APPLICATION_ID = 0x46525454
"""`FRTT`: tells our file from any other SQLite database."""
