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

/** Where a batch fails whose instance was declared dead. */
export const FENCED = 'VK001';

/**
 * Begins a transaction. Shorter than what an answer may take, so that the server gives up on a transaction
 * before its instance gives up on the server.
 */
export const BEGIN = `BEGIN; SET LOCAL lock_timeout = '3s';
  SET LOCAL idle_in_transaction_session_timeout = '3s'; SET LOCAL synchronous_commit = on`;
