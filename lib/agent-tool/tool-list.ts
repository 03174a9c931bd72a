import type { AgentToolOptions } from './agent-tool.options';

/** A tool as the line at the start names it. */
interface ListedTool {
  tool: string;
  /** USD; absent where it is computed for each call. */
  cap?: number;
}

/** How many tools one line names. */
const MAX_NAMED = 50;

/** The marked tools of an application with their caps, in one line; `undefined` where nothing is marked. */
export function toolList(
  marked: readonly { tool: string; mark: AgentToolOptions }[],
): { line: string; tools: ListedTool[] } | undefined {
  const tools = [...new Map(marked.map((each) => [each.tool, each.mark]))].map(
    ([tool, { dailyUsdCap: cap }]): ListedTool => ({
      tool,
      ...(typeof cap === 'number' ? { cap } : {}),
    }),
  );
  if (tools.length === 0) return undefined;
  const named = tools
    .slice(0, MAX_NAMED)
    .map(({ tool, cap }) => `${tool} (${cap === undefined ? 'cap by call' : `$${cap}`})`);
  const more = tools.length > MAX_NAMED ? `, and ${tools.length - MAX_NAMED} more` : '';
  const what = tools.length === 1 ? '1 tool has' : `${tools.length} tools have`;
  return { line: `${what} a vault key for each invocation: ${named.join(', ')}${more}`, tools };
}
