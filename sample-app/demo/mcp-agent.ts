import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ToolCall } from './agent';

/** An agent that uses the tools over MCP, for one user. */
export class McpAgent {
  private constructor(
    private readonly client: Client,
    private readonly user: string,
  ) {}

  static async connect(url: string, user: string, runId: string): Promise<McpAgent> {
    const client = new Client({ name: 'demo', version: '1.0.0' });
    const headers = { 'X-User-ID': user, 'X-Agent-Run-ID': runId };
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }),
    );
    return new McpAgent(client, user);
  }

  /** The names of the tools there are. */
  async tools(): Promise<string[]> {
    const { tools } = await this.client.listTools();
    return tools.map(({ name }) => name);
  }

  async call(name: string, sent: Record<string, unknown> = {}): Promise<ToolCall> {
    const result = await this.client.callTool({ name, arguments: sent });
    const [block] = result.content;
    const text = block?.type === 'text' ? block.text : '';
    const refused = result.isError === true;
    const words = { text: text.split('\n') };
    const answer = refused ? words : (result.structuredContent ?? JSON.parse(text));
    return {
      user: this.user,
      method: 'tools/call',
      path: name,
      sent,
      status: refused ? 'isError' : 'result',
      answer: answer as ToolCall['answer'],
    };
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
