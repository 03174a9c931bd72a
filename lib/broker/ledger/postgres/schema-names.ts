/** The schema that all is in. */
export const SCHEMA = 'vault_key';

/** The advisory locks of the store, each held until the end of its transaction. */
export const LOCKS = {
  /** Shared by each batch; alone where brakes or budgets change, or a lease ends. */
  gate: 7_350_001,
  /** Held to see whether locks hold at all. */
  probe: 7_350,
  /** Held while the schema is changed. */
  migration: 7_350_000,
} as const;

/**
 * Where a function looks for what it names: nothing that an application's role has made is found before the
 * server's own. What calls one names types with their schema, for the same reason.
 */
export const OWN_NAMES = 'SET search_path = pg_catalog, pg_temp';

/** What a function runs as that the role of an application may call: it may write, its caller may not. */
export const AS_OWNER = `SECURITY DEFINER ${OWN_NAMES}`;

/**
 * For a function that looks rows up by what names them: its plans are made once, and with indexes. The server
 * would make them again at each call, keep for a large table what was best while it was small, or compile them.
 */
export const WITH_KEPT_PLANS =
  'SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off';

/** Where a batch fails whose instance was declared dead. */
export const FENCED = 'VK001';
/** Where the store has lost what it had acknowledged. */
export const BEHIND = 'VK002';

/** Begins a transaction that writes and is on the disk once it is committed, whatever the defaults of the role are. */
export const BEGIN_WRITING =
  'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on';

/**
 * Begins the transaction of a batch. Its limits are shorter than what an answer may take: the server gives up
 * on a transaction before its instance gives up on the server.
 */
export const BEGIN = `${BEGIN_WRITING}; SET LOCAL lock_timeout = '3s';
  SET LOCAL idle_in_transaction_session_timeout = '3s'`;
