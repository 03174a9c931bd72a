import { Controller, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { McpHttpControllerFor, McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { UserGuard } from '../agent-tools/user.guard';

// Without these lists a web page could have its own name lead to this machine, and call the tools.
const transport = new StreamableHttpTransport({
  security: { allowedHosts: 'localhost', allowedOrigins: 'localhost' },
});

/** Where agents speak MCP. The guard lets the same users in as over HTTP. */
@Controller('mcp')
@UseGuards(UserGuard)
export class McpEndpoint extends McpHttpControllerFor(transport) {}

/** Serves the MCP tools beside what the application serves already. */
export async function serveMcp(app: INestApplication): Promise<void> {
  const strategy = new McpStrategy({
    name: 'sample-app',
    version: '1.0.0',
    transports: [transport],
  });
  // Without inheritAppConfig no key would be issued, and every tool would say so.
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
}
