/** The tables of the store. */
export const TABLES = `
CREATE TABLE vault_key.meta (
  id int PRIMARY KEY CHECK (id = 1),
  -- Grows with each change of brakes, budgets or raises.
  rules_version bigint NOT NULL,
  -- When the hour began that decisions count in: all of one moment count in one, and it never goes back.
  hour_began bigint NOT NULL DEFAULT 0,
  -- What tells an instance that it has the key of the audit log.
  audit_check text NOT NULL,
  -- What tells the store that who writes has it too: the SHA-256 of what is made from it.
  proof_hash bytea NOT NULL,
  -- When an instance last began to let rows leave: one at a time does.
  swept_at bigint NOT NULL DEFAULT 0
);
-- An instance that writes: until when it lives, and the head of its own chain of the audit log.
CREATE TABLE vault_key.writers (
  id text PRIMARY KEY,
  stripe int NOT NULL,
  -- How many batches it has written: it alone moves it, and by it alone.
  batch bigint NOT NULL,
  count bigint NOT NULL,
  mac text NOT NULL,
  seal text NOT NULL,
  expires_at bigint NOT NULL,
  closed_at bigint,
  reaped_at bigint
);
CREATE TABLE vault_key.keys (
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  token_hash text NOT NULL,
  label text NOT NULL,
  vendor text NOT NULL,
  cap_micros bigint NOT NULL,
  allowed_endpoints text NOT NULL,
  tenant_id text,
  user_id text,
  run_id text,
  tool text,
  parent_id text,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint,
  budgets text NOT NULL,
  budgets_mode text,
  lease_id text,
  limits text
);
CREATE UNIQUE INDEX keys_by_token ON vault_key.keys (token_hash);
CREATE INDEX keys_unrevoked ON vault_key.keys (expires_at, position) WHERE revoked_at IS NULL;
CREATE INDEX keys_by_tenant ON vault_key.keys (tenant_id, position);
CREATE INDEX keys_by_user ON vault_key.keys (user_id, tenant_id, position);
CREATE INDEX keys_by_run ON vault_key.keys (run_id, position);
CREATE INDEX keys_by_tool ON vault_key.keys (tool, position);
CREATE TABLE vault_key.leases (
  id text PRIMARY KEY,
  ttl_ms bigint NOT NULL,
  expires_at bigint NOT NULL
);
-- A balance is the sum of its lines: its first one is locked by who must not be overtaken, and each
-- instance adds to a line of its own where nothing is decided by the sum. Of a day's balance each
-- hour has such lines of its own, since a rolling budget counts a part of a day.
CREATE TABLE vault_key.balances (
  name text,
  stripe int,
  spent bigint NOT NULL,
  held bigint NOT NULL,
  undone bigint NOT NULL,
  PRIMARY KEY (name, stripe)
) WITH (fillfactor = 50);
CREATE TABLE vault_key.holds (
  call_id text PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  writer text NOT NULL,
  key_id text NOT NULL,
  vendor text NOT NULL,
  account text NOT NULL,
  object_id text,
  held bigint NOT NULL,
  settled bigint NOT NULL,
  undone bigint NOT NULL,
  refund_of text,
  refund_amount bigint NOT NULL,
  state text NOT NULL,
  charged_to text NOT NULL,
  created_at bigint NOT NULL,
  ended_at bigint,
  idempotency_key_hash text,
  ended_by_operator int NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX holds_by_object ON vault_key.holds (vendor, account, object_id) WHERE object_id IS NOT NULL;
CREATE INDEX holds_by_refund ON vault_key.holds (vendor, account, refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX holds_open ON vault_key.holds (state, position) WHERE state IN ('held', 'unknown');
CREATE INDEX holds_of_writer ON vault_key.holds (writer) WHERE state = 'held';
CREATE TABLE vault_key.objects (
  vendor text,
  account text,
  id text,
  root_id text NOT NULL,
  amount bigint NOT NULL,
  currency text NOT NULL,
  final int NOT NULL,
  destination int NOT NULL,
  seen_at bigint NOT NULL,
  PRIMARY KEY (vendor, account, id)
);
CREATE TABLE vault_key.operations (
  vendor text,
  idempotency_key_hash text,
  fingerprint text NOT NULL,
  hold_id text,
  first_sent_at bigint NOT NULL,
  -- How many calls are in flight, by the instance that has sent them.
  flights jsonb NOT NULL,
  costliest text,
  ended_at bigint,
  earlier_hold_ids text,
  added_amount bigint,
  PRIMARY KEY (vendor, idempotency_key_hash)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX operations_in_flight ON vault_key.operations (first_sent_at) WHERE flights <> '{}';
-- The calls that have not ended, with what their audit rows say so far.
CREATE TABLE vault_key.calls (
  id text PRIMARY KEY,
  writer text NOT NULL,
  entry text NOT NULL
);
CREATE INDEX calls_of_writer ON vault_key.calls (writer);
CREATE TABLE vault_key.budgets (
  name text PRIMARY KEY,
  scope text NOT NULL,
  tenant text,
  user_id text,
  target text NOT NULL,
  period text NOT NULL DEFAULT 'day',
  mode text NOT NULL DEFAULT 'enforce',
  cap_micros bigint NOT NULL,
  limits text
);
-- Small rows that a rule keeps by kind and name, as JSON.
CREATE TABLE vault_key.notes (
  kind text COLLATE "C",
  name text COLLATE "C",
  value text NOT NULL,
  PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
-- What operators have added to the caps of a subject.
CREATE TABLE vault_key.raises (
  id text PRIMARY KEY,
  scope text NOT NULL,
  tenant text,
  user_id text,
  target text NOT NULL,
  micros bigint NOT NULL,
  reason text NOT NULL,
  set_by text NOT NULL,
  role text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE TABLE vault_key.brakes (
  id text PRIMARY KEY,
  scope text NOT NULL,
  target text NOT NULL,
  tenant text,
  reason text NOT NULL,
  set_by text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  hit bigint
);
-- Rows of the audit log as their writers have chained them, until they have a place in the log of all.
CREATE TABLE vault_key.audit_tails (
  writer text,
  seq bigint,
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  entry text NOT NULL,
  mac text NOT NULL,
  PRIMARY KEY (writer, seq)
);
-- How far the chain of each writer is in the log of all.
CREATE TABLE vault_key.audit_writers (
  writer text PRIMARY KEY,
  count bigint NOT NULL,
  mac text NOT NULL,
  seal text NOT NULL
);
CREATE TABLE vault_key.audit (
  seq bigint PRIMARY KEY,
  at text NOT NULL,
  event text NOT NULL,
  actor text NOT NULL,
  key_id text,
  call_id text,
  vendor text,
  tenant_id text,
  user_id text,
  run_id text,
  tool text,
  verdict text,
  entry text NOT NULL,
  mac text NOT NULL
);
CREATE INDEX audit_by_key ON vault_key.audit (key_id, seq);
CREATE INDEX audit_by_user ON vault_key.audit (user_id, seq);
CREATE INDEX audit_by_run ON vault_key.audit (run_id, seq);
CREATE INDEX audit_by_time ON vault_key.audit (at);
-- What operators did: nearly all rows are of keys and of the application.
CREATE INDEX audit_by_actor ON vault_key.audit (actor, seq) WHERE actor <> 'key' AND actor <> 'app';
CREATE TABLE vault_key.audit_head (
  id int PRIMARY KEY CHECK (id = 1),
  count bigint NOT NULL,
  mac text NOT NULL,
  seal text NOT NULL
);
CREATE TABLE vault_key.audit_segments (
  last bigint PRIMARY KEY,
  first bigint NOT NULL,
  previous_head text NOT NULL,
  head text NOT NULL,
  seal text NOT NULL,
  sealed_at bigint NOT NULL,
  exported_at bigint,
  left_at bigint,
  marks_seal text NOT NULL
);
`;
