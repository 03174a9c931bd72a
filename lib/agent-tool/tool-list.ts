import type { AgentToolOptions } from './agent-tool.options';

/** How many tools one line names. */
const MAX_NAMED = 50;

/** The marked tools of an application with their caps, in one line; `undefined` where nothing is marked. */
export function toolList(
  marked: readonly { tool: string; mark: AgentToolOptions }[],
): string | undefined {
  const caps = new Map(marked.map(({ tool, mark }) => [tool, mark.dailyUsdCap]));
  if (caps.size === 0) return undefined;
  const named = [...caps]
    .slice(0, MAX_NAMED)
    .map(([tool, cap]) => `${tool} (${typeof cap === 'number' ? `$${cap}` : 'cap by call'})`);
  const more = caps.size > MAX_NAMED ? `, and ${caps.size - MAX_NAMED} more` : '';
  const what = caps.size === 1 ? '1 tool has' : `${caps.size} tools have`;
  return `${what} a vault key for each invocation: ${named.join(', ')}${more}`;
}
