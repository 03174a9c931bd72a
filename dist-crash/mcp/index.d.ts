export { RemainingSpendTool } from './remaining-spend.tool';
export type { RemainingSpendToolResult } from './remaining-spend.tool';
