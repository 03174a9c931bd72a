import { AS_OWNER, FENCED, LOCKS, OWN_NAMES, WITH_KEPT_PLANS } from './schema-names';
import { SENT_COLUMNS, rowsSent } from './sent-rows';

/** What batches ask of the store, and how they write to it. Old and new instances may run beside each other: each calls the version that it knows. */
export const FUNCTIONS = `
CREATE FUNCTION vault_key.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
  RETURN (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

CREATE FUNCTION vault_key.texts(list jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN ARRAY(SELECT jsonb_array_elements_text(list));
END $$;

-- The holds that a batch looks at: those that it names, those of its operations, those of its objects and of their refunds.
-- In plpgsql, which keeps its plans: a function in SQL is planned at each call.
CREATE FUNCTION vault_key.hold_ids_1(arg jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  ids text[] := ARRAY(SELECT jsonb_array_elements_text(arg -> 'holds'));
BEGIN
  IF arg -> 'operations' <> '[]' THEN
    ids := ids || ARRAY(
      SELECT unnest(ARRAY[o.hold_id] || ARRAY(SELECT jsonb_array_elements_text(coalesce(o.earlier_hold_ids, '[]')::jsonb)))
        FROM jsonb_array_elements(arg -> 'operations') a
        JOIN vault_key.operations o ON o.vendor = a ->> 0 AND o.idempotency_key_hash = a ->> 1);
  END IF;
  IF arg -> 'objects' <> '[]' THEN
    -- OFFSET 0 has each object found first, by its whole name: a plan that is made while the tables are empty would else
    -- walk over all holds of a vendor, and be kept.
    ids := ids || ARRAY(
      SELECT h.call_id
        FROM jsonb_array_elements(arg -> 'objects') a,
        LATERAL (SELECT o.vendor, o.account, o.root_id FROM vault_key.objects o
          WHERE o.vendor = a ->> 0 AND o.account = a ->> 1 AND o.id = a ->> 2 OFFSET 0) o,
        LATERAL (SELECT h.call_id FROM vault_key.holds h
            WHERE h.vendor = o.vendor AND h.account = o.account AND h.object_id = o.root_id
          UNION ALL SELECT h.call_id FROM vault_key.holds h
            WHERE h.vendor = o.vendor AND h.account = o.account AND h.refund_of = o.root_id) h);
  END IF;
  IF arg -> 'roots' <> '[]' THEN
    ids := ids || ARRAY(
      SELECT h.call_id
        FROM jsonb_array_elements(arg -> 'roots') a
        JOIN vault_key.holds h ON h.vendor = a ->> 0 AND h.account = a ->> 1 AND h.object_id = a ->> 2
      UNION ALL SELECT h.call_id
        FROM jsonb_array_elements(arg -> 'roots') a
        JOIN vault_key.holds h ON h.vendor = a ->> 0 AND h.account = a ->> 1 AND h.refund_of = a ->> 2);
  END IF;
  RETURN ARRAY(SELECT DISTINCT id FROM unnest(ids) id WHERE id IS NOT NULL);
END $$;

-- Rows as the statement that calls it sees them: of each kind that is asked for. As json, which is written once:
-- jsonb would be built again for each part that it becomes a part of.
CREATE FUNCTION vault_key.rows_1(arg jsonb, hold_ids text[]) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
  instant bigint := vault_key.now_ms();
  version bigint;
  hour_began bigint;
  budgets json;
  raises json;
  brakes json;
  balances json;
  past json;
  keys json;
  leases json;
  notes json;
  calls json;
  log json;
  holds json;
  operations json;
  objects json;
BEGIN
  SELECT m.rules_version, m.hour_began INTO version, hour_began FROM vault_key.meta m;
  IF version <> (arg ->> 'version')::bigint THEN
    SELECT coalesce(json_agg(to_json(b)), '[]') INTO budgets FROM vault_key.budgets b;
    SELECT coalesce(json_agg(to_json(r)), '[]') INTO raises FROM vault_key.raises r;
    SELECT coalesce(json_agg(to_json(b)), '[]') INTO brakes FROM vault_key.brakes b;
  END IF;
  IF arg -> 'names' <> '[]' THEN
    SELECT json_agg(json_build_array(b.name, b.spent, b.held, b.undone)) INTO balances FROM
      (SELECT name, sum(spent)::bigint AS spent, sum(held)::bigint AS held, sum(undone)::bigint AS undone
        FROM vault_key.balances
        WHERE name = ANY (ARRAY(SELECT a ->> 0 FROM jsonb_array_elements(arg -> 'names') a)) GROUP BY name) b;
  END IF;
  IF arg -> 'past' <> '[]' THEN
    SELECT json_agg(json_build_array(p.name, p.line, p.spent, p.held, p.undone, p.lines)) INTO past FROM
      (SELECT a ->> 0 AS name, (a ->> 1)::int AS line, sum(b.spent)::bigint AS spent, sum(b.held)::bigint AS held,
          sum(b.undone)::bigint AS undone, count(*)::int AS lines
        FROM jsonb_array_elements(arg -> 'past') a
        JOIN vault_key.balances b ON b.name = a ->> 0 AND b.stripe >= (a ->> 1)::int GROUP BY 1, 2) p;
  END IF;
  IF arg -> 'keys' <> '[]' THEN
    SELECT json_agg(to_json(k)) INTO keys FROM
      (SELECT k.*, l.expires_at AS lease_expires_at
        FROM vault_key.keys k LEFT JOIN vault_key.leases l ON l.id = k.lease_id
        WHERE k.id = ANY (ARRAY(SELECT jsonb_array_elements_text(arg -> 'keys')))) k;
  END IF;
  IF arg -> 'leases' <> '[]' THEN
    SELECT json_agg(to_json(l)) INTO leases FROM vault_key.leases l
      WHERE l.id = ANY (ARRAY(SELECT jsonb_array_elements_text(arg -> 'leases')));
  END IF;
  IF arg -> 'notes' <> '[]' THEN
    SELECT json_agg(to_json(n)) INTO notes FROM jsonb_array_elements(arg -> 'notes') a
      JOIN vault_key.notes n ON n.kind = a ->> 0 AND n.name = a ->> 1;
  END IF;
  IF arg -> 'calls' <> '[]' THEN
    SELECT json_agg(json_build_array(c.id, c.entry)) INTO calls FROM vault_key.calls c
      WHERE c.id = ANY (ARRAY(SELECT jsonb_array_elements_text(arg -> 'calls')));
  END IF;
  IF (arg ->> 'log')::boolean THEN
    SELECT json_build_object(
      'segments', (SELECT coalesce(json_agg(to_json(s) ORDER BY s.last), '[]') FROM vault_key.audit_segments s),
      'head', (SELECT json_build_array(h.count, h.mac) FROM vault_key.audit_head h),
      'oldest', (SELECT min(seq) FROM vault_key.audit),
      'since', (SELECT a.at FROM vault_key.audit a
        WHERE a.seq > coalesce((SELECT max(last) FROM vault_key.audit_segments), 0) ORDER BY a.seq LIMIT 1)) INTO log;
  END IF;
  IF cardinality(hold_ids) > 0 THEN
    SELECT json_agg(to_json(h) ORDER BY h.position) INTO holds FROM vault_key.holds h WHERE h.call_id = ANY (hold_ids);
  END IF;
  IF arg -> 'operations' <> '[]' THEN
    SELECT json_agg(to_json(o)) INTO operations FROM jsonb_array_elements(arg -> 'operations') a
      JOIN vault_key.operations o ON o.vendor = a ->> 0 AND o.idempotency_key_hash = a ->> 1;
  END IF;
  IF arg -> 'objects' <> '[]' THEN
    SELECT json_agg(to_json(o)) INTO objects FROM jsonb_array_elements(arg -> 'objects') a
      JOIN vault_key.objects o ON o.vendor = a ->> 0 AND o.account = a ->> 1 AND o.id = a ->> 2;
  END IF;
  RETURN json_build_object('now', instant, 'hourBegan', hour_began, 'version', version, 'budgets', budgets, 'raises', raises, 'brakes', brakes,
    'balances', balances, 'past', past, 'keys', keys, 'leases', leases, 'notes', notes, 'calls', calls, 'log', log,
    'holds', holds, 'operations', operations, 'objects', objects);
END $$;

-- What is only looked at.
CREATE FUNCTION vault_key.read_1(arg jsonb) RETURNS json LANGUAGE plpgsql STABLE
    ${OWN_NAMES} ${WITH_KEPT_PLANS} AS $$
BEGIN
  RETURN vault_key.rows_1(arg, vault_key.hold_ids_1(arg));
END $$;

-- The key that a token is the token of, where it is not revoked.
CREATE FUNCTION vault_key.key_1(hash text) RETURNS jsonb LANGUAGE plpgsql STABLE
    ${OWN_NAMES} ${WITH_KEPT_PLANS} AS $$
BEGIN
  RETURN (SELECT to_jsonb(k) || jsonb_build_object('lease_expires_at', l.expires_at)
    FROM vault_key.keys k LEFT JOIN vault_key.leases l ON l.id = k.lease_id
    WHERE k.token_hash = hash AND k.revoked_at IS NULL);
END $$;

-- Locks what a batch decides on, in one order for everybody, then reads it. Each statement sees what was
-- committed before it began, so that what is read is no older than the locks.
CREATE FUNCTION vault_key.load_1(arg jsonb) RETURNS json LANGUAGE plpgsql VOLATILE ${AS_OWNER}
    ${WITH_KEPT_PLANS} AS $$
DECLARE
  hold_ids text[];
  locked_ids text[] := '{}';
  locked int;
BEGIN
  IF (arg ->> 'exclusive')::boolean THEN PERFORM pg_advisory_xact_lock(${LOCKS.gate});
  ELSE PERFORM pg_advisory_xact_lock_shared(${LOCKS.gate}); END IF;
  IF arg -> 'names' <> '[]' THEN
    PERFORM 1 FROM vault_key.balances b, jsonb_array_elements(arg -> 'names') a
      WHERE b.name = a ->> 0 AND b.stripe = (a ->> 1)::int ORDER BY b.name, b.stripe FOR UPDATE OF b;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked < jsonb_array_length(arg -> 'names') THEN
      -- Nothing may be waited for while something is held out of its order: the batch begins again.
      RETURN json_build_object('unopened', (SELECT json_agg(a) FROM jsonb_array_elements(arg -> 'names') a WHERE NOT EXISTS
        (SELECT 1 FROM vault_key.balances b WHERE b.name = a ->> 0 AND b.stripe = (a ->> 1)::int)));
    END IF;
  END IF;
  IF arg -> 'operations' <> '[]' THEN
    PERFORM 1 FROM vault_key.operations o, jsonb_array_elements(arg -> 'operations') a
      WHERE o.vendor = a ->> 0 AND o.idempotency_key_hash = a ->> 1
      ORDER BY o.vendor, o.idempotency_key_hash FOR UPDATE OF o;
  END IF;
  IF arg -> 'objects' <> '[]' THEN
    PERFORM 1 FROM vault_key.objects o, jsonb_array_elements(arg -> 'objects') a
      WHERE o.vendor = a ->> 0 AND o.account = a ->> 1 AND o.id = a ->> 2
      ORDER BY o.vendor, o.account, o.id FOR UPDATE OF o;
  END IF;
  -- While it waits for some, others may have joined them.
  LOOP
    hold_ids := vault_key.hold_ids_1(arg);
    EXIT WHEN hold_ids <@ locked_ids;
    PERFORM 1 FROM vault_key.holds h WHERE h.call_id = ANY (hold_ids) ORDER BY h.call_id FOR UPDATE;
    locked_ids := hold_ids;
    -- Those of an operation do not change once it is locked.
    EXIT WHEN arg -> 'objects' = '[]' AND arg -> 'roots' = '[]';
  END LOOP;
  IF arg -> 'calls' <> '[]' THEN
    PERFORM 1 FROM vault_key.calls c WHERE c.id = ANY (vault_key.texts(arg -> 'calls')) ORDER BY c.id FOR UPDATE;
  END IF;
  IF arg -> 'leases' <> '[]' THEN
    PERFORM 1 FROM vault_key.leases l WHERE l.id = ANY (vault_key.texts(arg -> 'leases')) ORDER BY l.id FOR UPDATE;
  END IF;
  IF arg -> 'notes' <> '[]' THEN
    PERFORM 1 FROM vault_key.notes n, jsonb_array_elements(arg -> 'notes') a
      WHERE n.kind = a ->> 0 AND n.name = a ->> 1 ORDER BY n.kind, n.name FOR UPDATE OF n;
  END IF;
  IF (arg ->> 'log')::boolean THEN
    PERFORM 1 FROM vault_key.audit_head FOR UPDATE;
  END IF;
  RETURN vault_key.rows_1(arg, hold_ids);
END $$;

-- Writes what a batch has decided. The writer's own row is its fence: one that was declared dead writes
-- nothing more.
CREATE FUNCTION vault_key.store_1(arg jsonb) RETURNS void LANGUAGE plpgsql VOLATILE ${AS_OWNER}
    ${WITH_KEPT_PLANS} AS $$
DECLARE
  the_writer text := arg ->> 'writer';
BEGIN
  UPDATE vault_key.writers SET batch = batch + 1, count = (arg ->> 'count')::bigint, mac = arg ->> 'mac', seal = arg ->> 'seal',
      expires_at = vault_key.now_ms() + (arg ->> 'ttl')::bigint
    WHERE id = the_writer AND batch = (arg ->> 'batch')::bigint AND closed_at IS NULL
      AND vault_key.is_broker(arg ->> 'proof');
  IF NOT FOUND THEN RAISE EXCEPTION 'the writer % is closed', the_writer USING ERRCODE = '${FENCED}'; END IF;
  IF arg ? 'hourBegan' THEN
    UPDATE vault_key.meta SET hour_began = greatest(hour_began, (arg ->> 'hourBegan')::bigint);
  END IF;
  IF arg ? 'gone' THEN
    DELETE FROM vault_key.balances WHERE name = ANY (vault_key.texts(arg -> 'gone' -> 'balances'));
    DELETE FROM vault_key.holds WHERE call_id = ANY (vault_key.texts(arg -> 'gone' -> 'holds'));
    DELETE FROM vault_key.keys WHERE id = ANY (vault_key.texts(arg -> 'gone' -> 'keys'));
    DELETE FROM vault_key.leases WHERE id = ANY (vault_key.texts(arg -> 'gone' -> 'leases'));
    DELETE FROM vault_key.notes n USING jsonb_array_elements(arg -> 'gone' -> 'notes') a
      WHERE n.kind = a ->> 0 AND n.name = a ->> 1;
    DELETE FROM vault_key.operations o USING jsonb_array_elements(arg -> 'gone' -> 'operations') a
      WHERE o.vendor = a ->> 0 AND o.idempotency_key_hash = a ->> 1;
    DELETE FROM vault_key.objects o USING jsonb_array_elements(arg -> 'gone' -> 'objects') a
      WHERE o.vendor = a ->> 0 AND o.account = a ->> 1 AND o.id = a ->> 2;
  END IF;
  IF arg ? 'keys' THEN
    INSERT INTO vault_key.keys (${SENT_COLUMNS.keys.join(', ')}) SELECT * FROM ${rowsSent('keys')} a;
  END IF;
  IF arg ? 'revoked' THEN
    UPDATE vault_key.keys k SET revoked_at = a.revoked_at FROM ${rowsSent('revoked')} a WHERE k.id = a.id;
  END IF;
  IF arg ? 'balances' THEN
    INSERT INTO vault_key.balances (${SENT_COLUMNS.balances.join(', ')})
      SELECT * FROM ${rowsSent('balances')} a ORDER BY name, stripe
      ON CONFLICT (name, stripe) DO UPDATE SET spent = balances.spent + excluded.spent,
        held = balances.held + excluded.held, undone = balances.undone + excluded.undone;
  END IF;
  IF arg ? 'begun' THEN
    INSERT INTO vault_key.holds (call_id, writer, key_id, vendor, account, object_id, held, settled, undone, refund_of,
        refund_amount, state, charged_to, created_at, ended_at, idempotency_key_hash, ended_by_operator)
      SELECT call_id, the_writer, key_id, vendor, account, object_id, held, settled, undone, refund_of,
        refund_amount, state, charged_to, created_at, ended_at, idempotency_key_hash, ended_by_operator
      FROM ${rowsSent('begun')} a;
  END IF;
  IF arg ? 'changed' THEN
    UPDATE vault_key.holds h SET object_id = a.object_id, settled = a.settled, undone = a.undone, state = a.state,
        ended_at = a.ended_at, ended_by_operator = a.ended_by_operator
      FROM ${rowsSent('changed')} a WHERE h.call_id = a.call_id;
  END IF;
  IF arg ? 'newOperations' THEN
    INSERT INTO vault_key.operations (${SENT_COLUMNS.newOperations.join(', ')})
      SELECT * FROM ${rowsSent('newOperations')} a ORDER BY vendor, idempotency_key_hash;
  END IF;
  IF arg ? 'operations' THEN
    UPDATE vault_key.operations o SET fingerprint = a.fingerprint, hold_id = a.hold_id, first_sent_at = a.first_sent_at,
        flights = a.flights, costliest = a.costliest, ended_at = a.ended_at, earlier_hold_ids = a.earlier_hold_ids,
        added_amount = a.added_amount
      FROM ${rowsSent('operations')} a
      WHERE o.vendor = a.vendor AND o.idempotency_key_hash = a.idempotency_key_hash;
  END IF;
  IF arg ? 'newObjects' THEN
    INSERT INTO vault_key.objects (${SENT_COLUMNS.newObjects.join(', ')})
      SELECT * FROM ${rowsSent('newObjects')} a ORDER BY vendor, account, id;
  END IF;
  IF arg ? 'objects' THEN
    UPDATE vault_key.objects o SET amount = a.amount, currency = a.currency, final = a.final,
        destination = a.destination, seen_at = a.seen_at
      FROM ${rowsSent('objects')} a WHERE o.vendor = a.vendor AND o.account = a.account AND o.id = a.id;
  END IF;
  IF arg ? 'newNotes' THEN
    INSERT INTO vault_key.notes (${SENT_COLUMNS.newNotes.join(', ')})
      SELECT * FROM ${rowsSent('newNotes')} a ORDER BY kind, name;
  END IF;
  IF arg ? 'notes' THEN
    UPDATE vault_key.notes n SET value = a.value FROM ${rowsSent('notes')} a WHERE n.kind = a.kind AND n.name = a.name;
  END IF;
  IF arg ? 'leases' THEN
    INSERT INTO vault_key.leases (${SENT_COLUMNS.leases.join(', ')}) SELECT * FROM ${rowsSent('leases')} a
      ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at;
  END IF;
  IF arg ? 'endedCalls' THEN
    DELETE FROM vault_key.calls WHERE id = ANY (vault_key.texts(arg -> 'endedCalls'));
  END IF;
  IF arg ? 'calls' THEN
    INSERT INTO vault_key.calls (id, writer, entry) SELECT id, the_writer, entry FROM ${rowsSent('calls')} a;
  END IF;
  IF arg ? 'rules' THEN
    DELETE FROM vault_key.budgets WHERE name = ANY (vault_key.texts(arg -> 'rules' -> 'goneBudgets'));
    INSERT INTO vault_key.budgets (${SENT_COLUMNS.budgets.join(', ')})
      SELECT * FROM ${rowsSent('budgets', "arg -> 'rules' -> 'budgets'")} a
      ON CONFLICT (name) DO UPDATE SET cap_micros = excluded.cap_micros, limits = excluded.limits;
    DELETE FROM vault_key.raises WHERE id = ANY (vault_key.texts(arg -> 'rules' -> 'goneRaises'));
    INSERT INTO vault_key.raises (${SENT_COLUMNS.raises.join(', ')})
      SELECT * FROM ${rowsSent('raises', "arg -> 'rules' -> 'raises'")} a ON CONFLICT DO NOTHING;
    DELETE FROM vault_key.brakes WHERE id = ANY (vault_key.texts(arg -> 'rules' -> 'goneBrakes'));
    INSERT INTO vault_key.brakes (${SENT_COLUMNS.brakes.join(', ')})
      SELECT * FROM ${rowsSent('brakes', "arg -> 'rules' -> 'brakes'")} a
      ON CONFLICT (id) DO UPDATE SET hit = excluded.hit;
    UPDATE vault_key.meta SET rules_version = rules_version + 1;
  END IF;
  IF arg ? 'segments' THEN
    INSERT INTO vault_key.audit_segments (${SENT_COLUMNS.segments.join(', ')})
      SELECT * FROM ${rowsSent('segments')} a
      ON CONFLICT (last) DO UPDATE SET exported_at = excluded.exported_at, left_at = excluded.left_at,
        marks_seal = excluded.marks_seal;
  END IF;
  IF arg ? 'goneLog' THEN
    DELETE FROM vault_key.audit WHERE seq <= (arg ->> 'goneLog')::bigint
      AND seq <= (SELECT max(last) FROM vault_key.audit_segments WHERE left_at IS NOT NULL);
  END IF;
  IF arg ? 'audit' THEN
    INSERT INTO vault_key.audit_tails (writer, seq, entry, mac)
      SELECT the_writer, a.seq, a.entry, a.mac FROM ${rowsSent('audit')} a ORDER BY a.seq;
  END IF;
END $$;
`;
