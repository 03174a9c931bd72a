import type { AgentIdentity } from '../vault-key/agent-identity';

/**
 * What a line of the log is about, as fields beside its words: a logger that writes JSON keeps them apart.
 */
export function logFields(
  { runId, tool }: Pick<AgentIdentity, 'runId' | 'tool'>,
  keyId?: string,
): Record<string, string> {
  return {
    agentRun: runId,
    ...(tool === undefined ? {} : { tool }),
    ...(keyId === undefined ? {} : { keyId }),
  };
}
