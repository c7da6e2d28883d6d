import { join } from 'node:path';
import { McpInstrumentation } from '@clew/instrumentation-mcp';
import { apiOf2 } from '../mcp/api2.ts';
import { cleanEnvironment } from '../run-program.ts';
import type { Leg } from './leg.ts';

const PROGRAM = join(__dirname, 'programs', 'weather.cjs');
const CALL = 'tools/call forecast';
const CONNECTION = ['CLIENT initialize: complete', 'CLIENT notifications/initialized: complete'];

/** Calls of a tool over stdio. The server exports its spans to `collectorUrl`, except servers that are killed. */
export function mcpLeg(collectorUrl: string): Leg {
  const mcp = apiOf2();
  const plugin = new McpInstrumentation();
  mcp.instrument(plugin);
  const client = mcp.newClient();

  const environment = (variables: Record<string, string>) =>
    cleanEnvironment({ ...variables, NODE_NO_WARNINGS: '1' }) as Record<string, string>;

  /** Calls a tool of a server of its own, and kills the server while the tool runs. */
  async function callKilled(id: number): Promise<unknown> {
    const own = mcp.newClient();
    const transport = mcp.stdio(process.execPath, [PROGRAM], environment({})) as { readonly pid: number };
    await own.connect(transport);
    const killed = { onprogress: () => process.kill(transport.pid, 'SIGKILL') };
    return mcp.call(own, { name: 'forecast', arguments: { id, fault: 'killed' } }, killed);
  }

  return {
    faults: {
      none: [
        `CLIENT ${CALL}: complete`,
        `  SERVER ${CALL}: complete`,
        '    CLIENT sampling/createMessage: complete',
        '      SERVER sampling/createMessage: complete',
        '    INTERNAL look up: complete',
      ],
      'tool error': [`CLIENT ${CALL}: failed tool_error`, `  SERVER ${CALL}: failed tool_error`],
      broken: [`CLIENT ${CALL}: failed -32603`, `  SERVER ${CALL}: failed -32603`],
      cancelled: [`CLIENT ${CALL}: cancelled`, `  SERVER ${CALL}: cancelled`],
      killed: [...CONNECTION, `CLIENT ${CALL}: failed connection_closed`],
    },
    async open() {
      const variables = { OTEL_SERVICE_NAME: 'weather', OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl };
      const args = ['--import', '@clew/node/register', PROGRAM];
      await client.connect(mcp.stdio(process.execPath, args, environment(variables)));
    },
    call(fault, id) {
      if (fault === 'killed') return callKilled(id);
      const { signal, abort } = abortable();
      const options = fault === 'cancelled' ? { signal, onprogress: () => abort() } : {};
      return mcp.call(client, { name: 'forecast', arguments: { id, fault } }, options);
    },
    async close() {
      // The server sends its spans when its input ends.
      await client.close();
      plugin.disable();
    },
  };
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
