import { McpInstrumentation } from '@clew/instrumentation-mcp';
import type { RecordedSpan } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import type { Api, Client, End, Tool } from './apis.ts';

export interface Session {
  readonly client: Client;
  readonly server: End;
}

/** Runs `work` with a client and a server that are connected in memory. The spans of the connection are not recorded. */
export async function inMemory(
  api: Api,
  tool: Tool,
  work: (session: Session) => Promise<void>,
  { options = {}, sample }: { options?: object; sample?: () => unknown } = {},
): Promise<void> {
  const [client, server] = [api.newClient(sample), api.newServer(tool)];
  const [clientTransport, serverTransport] = api.memory();
  await server.connect(serverTransport);
  await client.connect(clientTransport);
  const plugin = new McpInstrumentation(options);
  api.instrument(plugin);
  try {
    await work({ client, server });
  } finally {
    await client.close();
    plugin.disable();
  }
}

/** The only span of a kind and name. */
export function spanOf(spans: readonly RecordedSpan[], kind: number, name: string): RecordedSpan {
  const found = spans.filter((span) => span.kind === kind && span.name === name);
  if (found.length !== 1)
    throw new Error(
      `${found.length} of "${name}" in ${spans.map((span) => `${span.kind} ${span.name}`).join(', ')}`,
    );
  return found[0]!;
}

export const eventsOf = ({ events }: RecordedSpan) => events.map(({ name }) => name);

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
