import { Trace } from '../broker/telemetry/trace';
import type { AgentIdentity } from '../vault-key/agent-identity';
import { errorTypeOf } from './error-type';

/** Begins the span of an invocation, by OpenTelemetry's conventions for tools of agents. */
export function beginInvocation({ tool, runId }: AgentIdentity, capUsd: number): Trace | undefined {
  return Trace.begin(tool === undefined ? 'execute_tool' : `execute_tool ${tool}`, {
    kind: 'internal',
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.name': tool,
      'vault_key.agent_run': runId,
      'vault_key.cap_usd': capUsd,
    },
  });
}

/** What became of an invocation: `completed`, `failed`, or the code of what refused it. */
export function endInvocation(trace: Trace, thrown?: { error: unknown }): void {
  if (thrown === undefined) trace.set({ 'vault_key.verdict': 'completed' });
  else {
    const { type, isRefusal } = errorTypeOf(thrown.error);
    trace.set({ 'vault_key.verdict': isRefusal ? type : 'failed' });
    trace.failed(type);
  }
  trace.end();
}

/** Begins the span of an issue, whatever way the broker is reached by. */
export function beginIssue(vendor: string, around: Trace | undefined): Trace | undefined {
  return Trace.begin(`issue_key ${vendor}`, {
    kind: 'internal',
    attributes: { 'vault_key.vendor': vendor },
    parent: around,
  });
}

/** Begins the span of a revocation of keys, each with the trace of its invocation. */
export function beginRevocation(
  keys: readonly { id: string; trace?: Trace | undefined }[],
): Trace | undefined {
  const traces = keys.flatMap(({ trace }) => trace ?? []);
  const [first] = traces;
  if (first === undefined) return undefined;
  const isOne = keys.length === 1;
  return Trace.begin('revoke_keys', {
    kind: 'internal',
    attributes: {
      'vault_key.keys': keys.length,
      ...(isOne ? { 'vault_key.key_id': keys[0]?.id } : {}),
    },
    // One that is for several invocations is a part of none of them.
    ...(isOne ? { parent: first } : { parent: 'none', links: traces }),
  });
}
