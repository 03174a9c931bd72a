import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { McpStrategy, StdioTransport } from '@rekog/mcp-nest';
import { VaultKeyModule } from '../../../lib/index';
import type { VaultKeyModuleOptions } from '../../../lib/index';
import { answerFor } from './host-of-child';
import { McpTools } from './mcp-tools';
import { InProcessHost, watchLog } from './tool-host';
import { ToolWorkModule } from './tool-work';

const { MODULE_OPTIONS = '{}', HOST_PORT } = process.env;

@Module({
  imports: [
    VaultKeyModule.forRoot(JSON.parse(MODULE_OPTIONS) as VaultKeyModuleOptions),
    ToolWorkModule,
  ],
  controllers: [McpTools],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createMicroservice(AppModule, {
    strategy: new McpStrategy({ name: 'tools', version: '1', transports: [new StdioTransport()] }),
    logger: false,
  });
  watchLog(app);
  await app.listen();
  answerFor(new InProcessHost(app), Number(HOST_PORT));
}

void main();
