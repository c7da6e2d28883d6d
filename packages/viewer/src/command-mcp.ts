import { defineCommand } from './command.ts';
import { MCP_TOOLS, type ToolArguments } from './mcp-tools.ts';
import { openSource, SOURCE_OPTIONS, type TraceSource } from './trace-source.ts';

declare const __VERSION__: string;

/** `clew mcp`: a server of the Model Context Protocol for coding agents, on the standard input and output. */
export const mcp = defineCommand({
  name: 'mcp',
  usage: `  clew mcp [options]              the traces for coding agents, over MCP
    --from URL, --store FILE      as for show
`,
  options: SOURCE_OPTIONS,
  async run(options) {
    const source = openSource(options);
    const sdk = await loadSdk();
    const server = new sdk.Server({ name: 'clew', version: __VERSION__ }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({
      tools: MCP_TOOLS.map(({ run: _, ...tool }) => tool),
    }));
    server.setRequestHandler('tools/call', ({ params }) => call(params.name, params.arguments ?? {}, source));
    const closed = new Promise<void>((resolve) => {
      server.onclose = resolve;
    });
    await server.connect(new sdk.StdioServerTransport());
    process.stdin.once('end', () => void server.close());
    await closed;
    source.close();
  },
});

async function call(name: string, args: ToolArguments, source: TraceSource) {
  const tool = MCP_TOOLS.find((each) => each.name === name);
  try {
    if (tool === undefined) throw new Error(`there is no tool ${JSON.stringify(name)}`);
    return result(await tool.run(args, source), false);
  } catch (error) {
    return result((error as Error).message, true);
  }
}

function result(text: string, isError: boolean) {
  return { content: [{ type: 'text' as const, text }], isError };
}

async function loadSdk() {
  try {
    const [{ Server }, { StdioServerTransport }] = await Promise.all([
      import('@modelcontextprotocol/server'),
      import('@modelcontextprotocol/server/stdio'),
    ]);
    return { Server, StdioServerTransport };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('clew mcp needs a package: npm install @modelcontextprotocol/server');
  }
}
