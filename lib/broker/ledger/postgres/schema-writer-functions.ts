import { placeOf } from '../../audit/audit-entry';
import { STRIPES } from './balance-lines';
import { AS_OWNER, WITH_KEPT_PLANS } from './schema-names';

/** A field of a row of the audit log. */
const field = (column: Parameters<typeof placeOf>[0]): string =>
  `(e.fields ->> ${placeOf(column)})`;

/**
 * What is written outside of batches. Who writes proves that it has the key of the audit log: a statement
 * that was smuggled into an application has its role, and not its key.
 */
export const WRITER_FUNCTIONS = `
CREATE FUNCTION vault_key.is_broker(proof text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT 1 FROM vault_key.meta m WHERE m.proof_hash = sha256(convert_to(proof, 'UTF8')));
END $$;

CREATE FUNCTION vault_key.check_broker(proof text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF NOT vault_key.is_broker(proof) THEN
    RAISE EXCEPTION 'only a broker that has the key of the audit log writes to the store' USING ERRCODE = '42501';
  END IF;
  -- Until the end of the transaction: what is acknowledged is on the disk, whatever the role's default is.
  PERFORM set_config('synchronous_commit', 'on', true);
END $$;

-- The first start of all: which key the audit log has. It cannot be changed by this.
CREATE FUNCTION vault_key.begin_1(the_check text, proof text, count bigint, mac text, seal text)
  RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'on', true);
  INSERT INTO vault_key.meta (id, rules_version, audit_check, proof_hash)
    VALUES (1, 1, the_check, sha256(convert_to(proof, 'UTF8'))) ON CONFLICT DO NOTHING;
  IF FOUND THEN INSERT INTO vault_key.audit_head VALUES (1, count, mac, seal); END IF;
END $$;

-- A writer that the store has not seen before. Returns the line of balances that the fewest have.
CREATE FUNCTION vault_key.register_1(proof text, the_writer text, the_seal text, ttl bigint)
  RETURNS int LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
DECLARE
  the_stripe int;
BEGIN
  PERFORM vault_key.check_broker(proof);
  SELECT s.stripe INTO the_stripe FROM generate_series(1, ${STRIPES}) AS s(stripe)
    LEFT JOIN vault_key.writers w ON w.stripe = s.stripe AND w.closed_at IS NULL
    GROUP BY s.stripe ORDER BY count(w.id), random() LIMIT 1;
  INSERT INTO vault_key.writers (id, stripe, batch, count, mac, seal, expires_at)
    VALUES (the_writer, the_stripe, 0, 0, the_writer, the_seal, vault_key.now_ms() + ttl);
  RETURN the_stripe;
END $$;

-- Where a writer is, for itself; null where the store does not know it.
CREATE FUNCTION vault_key.writer_1(the_writer text) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('batch', w.batch, 'count', w.count, 'mac', w.mac, 'isClosed', w.closed_at IS NOT NULL)
    FROM vault_key.writers w WHERE w.id = the_writer);
END $$;

-- A writer lives.
CREATE FUNCTION vault_key.beat_1(proof text, the_writer text, ttl bigint)
  RETURNS jsonb LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.writers SET expires_at = vault_key.now_ms() + ttl WHERE id = the_writer AND closed_at IS NULL;
  RETURN vault_key.writer_1(the_writer);
END $$;

-- Takes the number of a batch of which it is not known whether it has arrived: it never will, where this says that it is taken.
-- It counts two, so that one that asks again, since it has not heard the answer, sees that it was not the batch.
CREATE FUNCTION vault_key.take_turn_1(proof text, the_writer text, the_batch bigint)
  RETURNS jsonb LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
DECLARE
  is_taken boolean;
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.writers SET batch = batch + 2 WHERE id = the_writer AND batch = the_batch;
  is_taken := FOUND;
  RETURN vault_key.writer_1(the_writer) || jsonb_build_object('isTaken', is_taken);
END $$;

-- A writer ends.
CREATE FUNCTION vault_key.retire_1(proof text, the_writer text)
  RETURNS jsonb LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.writers SET closed_at = vault_key.now_ms() WHERE id = the_writer AND closed_at IS NULL;
  RETURN vault_key.writer_1(the_writer);
END $$;

-- Declares a writer dead whose time has passed, and that has not beaten since that was seen.
CREATE FUNCTION vault_key.fence_1(proof text, the_writer text, seen_at bigint)
  RETURNS boolean LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.writers SET closed_at = vault_key.now_ms()
    WHERE id = the_writer AND closed_at IS NULL AND expires_at = seen_at AND expires_at < vault_key.now_ms();
  RETURN FOUND;
END $$;

-- All that a dead writer has left is ended.
CREATE FUNCTION vault_key.reaped_1(proof text, the_writer text)
  RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.writers SET reaped_at = vault_key.now_ms() WHERE id = the_writer AND closed_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM vault_key.calls c WHERE c.writer = the_writer);
END $$;

-- Whether it is time to let rows leave, and nobody else does. What does leave with that are writers that have ended
-- long ago, where all their rows have their places in the log of all, and nothing is open that they began. A move of
-- a store, which has line 0, stays.
CREATE FUNCTION vault_key.sweep_1(proof text, every bigint, kept bigint)
  RETURNS boolean LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  UPDATE vault_key.meta SET swept_at = vault_key.now_ms() WHERE swept_at < vault_key.now_ms() - every;
  IF NOT FOUND THEN RETURN false; END IF;
  WITH gone AS (
    DELETE FROM vault_key.writers w WHERE w.stripe > 0 AND w.reaped_at < vault_key.now_ms() - kept
      AND w.count = coalesce((SELECT s.count FROM vault_key.audit_writers s WHERE s.writer = w.id), 0)
      AND NOT EXISTS (SELECT 1 FROM vault_key.audit_tails t WHERE t.writer = w.id)
      AND NOT EXISTS (SELECT 1 FROM vault_key.calls c WHERE c.writer = w.id)
      AND NOT EXISTS (SELECT 1 FROM vault_key.holds h WHERE h.writer = w.id AND h.state = 'held')
      AND NOT EXISTS (SELECT 1 FROM vault_key.operations o WHERE o.flights <> '{}' AND jsonb_exists(o.flights, w.id))
      RETURNING w.id)
  DELETE FROM vault_key.audit_writers s USING gone WHERE s.writer = gone.id;
  RETURN true;
END $$;

-- Makes the lines of balances that a batch locks.
CREATE FUNCTION vault_key.open_balances_1(proof text, lines jsonb)
  RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER} AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  INSERT INTO vault_key.balances SELECT a ->> 0, (a ->> 1)::int, 0, 0, 0 FROM jsonb_array_elements(lines) a
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
END $$;

-- Has what balances count in one line. Lines are locked in the order in which batches add to them. Who adds to one
-- that is gone makes it again.
CREATE FUNCTION vault_key.merge_lines_1(proof text, names text[], the_line int)
  RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER} SET lock_timeout = '1s' AS $$
BEGIN
  PERFORM vault_key.check_broker(proof);
  PERFORM 1 FROM vault_key.balances b WHERE b.name = ANY (names) ORDER BY b.name, b.stripe FOR UPDATE;
  WITH gone AS (
    DELETE FROM vault_key.balances b WHERE b.name = ANY (names) AND b.stripe <> the_line
      RETURNING b.name, b.spent, b.held, b.undone)
  INSERT INTO vault_key.balances SELECT name, the_line, sum(spent), sum(held), sum(undone) FROM gone GROUP BY name
    ORDER BY name
    ON CONFLICT (name, stripe) DO UPDATE SET spent = balances.spent + excluded.spent,
      held = balances.held + excluded.held, undone = balances.undone + excluded.undone;
END $$;

-- Rows that have no place in the log of all yet, for the one that gives them their places until the end of its
-- transaction. Each statement sees what was committed before it began, so that none of it is older than the lock.
CREATE FUNCTION vault_key.tails_1(proof text, most int)
  RETURNS json LANGUAGE plpgsql VOLATILE ${AS_OWNER}
    ${WITH_KEPT_PLANS} AS $$
DECLARE
  head json;
BEGIN
  PERFORM vault_key.check_broker(proof);
  SELECT json_build_object('count', h.count, 'mac', h.mac) INTO head FROM vault_key.audit_head h WHERE h.id = 1 FOR UPDATE;
  RETURN (WITH tails AS MATERIALIZED
      (SELECT writer, seq, position, entry, mac FROM vault_key.audit_tails ORDER BY position LIMIT most)
    SELECT json_build_object('head', head,
      'rows', (SELECT coalesce(json_agg(to_json(t) ORDER BY t.position), '[]') FROM tails t),
      'writers', (SELECT coalesce(json_agg(to_json(w)), '[]') FROM vault_key.audit_writers w
        WHERE w.writer IN (SELECT t.writer FROM tails t))));
END $$;

-- Gives rows of the tails their places in the log of all: each takes the next one, and leaves the tails.
CREATE FUNCTION vault_key.seal_1(arg jsonb) RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER}
    ${WITH_KEPT_PLANS} AS $$
DECLARE
  before bigint;
  moved bigint;
BEGIN
  PERFORM vault_key.check_broker(arg ->> 'proof');
  SELECT h.count INTO before FROM vault_key.audit_head h WHERE h.id = 1 FOR UPDATE;
  INSERT INTO vault_key.audit
    SELECT a.seq, ${field('at')}, ${field('event')}, ${field('actor')}, ${field('key_id')}, ${field('call_id')},
      ${field('vendor')}, ${field('tenant_id')}, ${field('user_id')}, ${field('run_id')}, ${field('tool')},
      ${field('verdict')}, a.entry, a.mac
    FROM jsonb_to_recordset(arg -> 'rows') a(seq bigint, entry text, mac text),
      -- Read once: without the OFFSET it would be read again for each of its fields.
      LATERAL (SELECT a.entry::jsonb AS fields OFFSET 0) e WHERE a.seq > before;
  DELETE FROM vault_key.audit_tails WHERE position = ANY (ARRAY(SELECT jsonb_array_elements_text(arg -> 'positions')::bigint));
  GET DIAGNOSTICS moved = ROW_COUNT;
  IF moved <> jsonb_array_length(arg -> 'rows') OR (arg ->> 'count')::bigint <> before + moved THEN
    RAISE EXCEPTION 'the audit log grows by what its tails lose' USING ERRCODE = '23514';
  END IF;
  INSERT INTO vault_key.audit_writers
    SELECT * FROM jsonb_to_recordset(arg -> 'writers') a(writer text, count bigint, mac text, seal text)
    ON CONFLICT (writer) DO UPDATE SET count = excluded.count, mac = excluded.mac, seal = excluded.seal;
  UPDATE vault_key.audit_head SET count = (arg ->> 'count')::bigint, mac = arg ->> 'mac', seal = arg ->> 'seal' WHERE id = 1;
END $$;
`;
