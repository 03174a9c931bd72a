import type * as McpNest from '@rekog/mcp-nest';

/** @throws Error with the command to install it, where it is not there. */
export function loadMcpNest(): typeof McpNest {
  try {
    return require('@rekog/mcp-nest') as typeof McpNest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(
      'nestjs-vault-key/mcp needs the package @rekog/mcp-nest and what it works with, which are not installed: npm install @rekog/mcp-nest@^2',
    );
  }
}
