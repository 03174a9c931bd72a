import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { HostOfChild } from './host-of-child';
import { answerOf } from './mcp-tools';
import type { ToolArgs } from './tool-work';
import type { Caller, ToolName, TransportUnderTest } from './transport-under-test';

const TYPESCRIPT = join(__dirname, '../../../bench/typescript.cjs');
const APP = join(__dirname, 'mcp-stdio-app.ts');

export const mcpOverStdio: TransportUnderTest = {
  name: 'MCP over STDIO',
  toolName: (tool) => tool,
  users: false,
  stopsForLeaver: true,
  async start(options) {
    const child = await HostOfChild.listen();
    const client = new Client({ name: 'agent', version: '1' });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ['--require', TYPESCRIPT, APP],
        env: {
          PATH: process.env['PATH'] ?? '',
          MODULE_OPTIONS: JSON.stringify(options),
          HOST_PORT: String(child.port),
        },
      }),
    );

    const paramsOf = (tool: ToolName, args: ToolArgs, { run }: Caller) => ({
      name: tool,
      arguments: { ...args },
      _meta: { 'nestjs-vault-key/agent-run-id': run },
    });

    return {
      host: await child.host,
      call: async (tool, args, caller) =>
        answerOf(await client.callTool(paramsOf(tool, args, caller))),
      async callAndLeave(tool, args, caller) {
        const leaving = new AbortController();
        client.callTool(paramsOf(tool, args, caller), { signal: leaving.signal }).catch(() => {});
        return {
          async leave() {
            leaving.abort();
            await client.ping();
          },
        };
      },
      async close() {
        child.close();
        await client.close();
      },
    };
  },
};
