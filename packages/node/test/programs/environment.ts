// Starts and stops tracing with each set of variables in turn, and returns its observations.
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { init } from '@clew/node';
import { context, DiagLogLevel, diag, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { RIGHT, WRONG } from '../environment-cases.ts';

const [url = ''] = process.argv.slice(2);
const untouched = { ...process.env };
const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRemote: true };

let warnings: string[] = [];
const say = (...parts: unknown[]) => void warnings.push(parts.map(String).join(' '));
const quiet = () => {};
diag.setLogger(
  { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
  { logLevel: DiagLogLevel.WARN },
);

const server = createServer(({ headers }, response) => {
  const sentHeaders = Object.keys(headers).filter((name) => name === 'traceparent' || name === 'baggage');
  response.end(JSON.stringify({ sentHeaders, traceId: trace.getActiveSpan()?.spanContext().traceId }));
}).listen(0, '127.0.0.1');
await once(server, 'listening');

const seen = [];
for (const [index, [variables]] of [...RIGHT, ...WRONG].entries()) {
  seen.push(await look(`case ${index}`, variables));
}
server.close();
process.stdout.write(JSON.stringify(seen));

async function look(name: string, variables: Readonly<Record<string, string>>) {
  warnings = [];
  process.env = { ...untouched, OTEL_EXPORTER_OTLP_ENDPOINT: url };
  for (const [key, value] of Object.entries(variables)) process.env[key] = value.replace('<url>', url);
  const clew = init();
  const tracer = trace.getTracer('t');
  const span = tracer.startSpan(name, {
    attributes: { a: 'long text', b: 1, c: true },
    links: [1, 2, 3].map(() => ({ context: { ...remote, traceFlags: 1 }, attributes: { a: 1, b: 2 } })),
  });
  for (const event of ['x', 'y', 'z']) span.addEvent(event, { a: 1, b: 2 });
  const roots = Array.from({ length: 50 }, () => tracer.startSpan('root', { root: true }));
  const result = {
    sampled: {
      roots: roots.filter(isSampled).length,
      ofSampled: isSampled(
        tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 1 })),
      ),
      ofUnsampled: isSampled(
        tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 0 })),
      ),
    },
    sent: injected(),
    carrier: (Reflect.apply(Reflect.get(context, '_getContextManager'), context, []) as object).constructor
      .name,
    continued: (await asked()).includes(remote.traceId),
    sentHeaders: await headersSentByClient(),
  };
  span.end();
  await clew.shutdown();
  return { ...result, warnings };
}

function isSampled(span: { spanContext(): { traceFlags: number } }): boolean {
  return (span.spanContext().traceFlags & 1) === 1;
}

function injected(): string[] {
  const carrier: Record<string, string> = {};
  const withSpan = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 1 });
  propagation.inject(
    propagation.setBaggage(withSpan, propagation.createBaggage({ user: { value: '7' } })),
    carrier,
  );
  return Object.keys(carrier)
    .map((key) => key.toLowerCase())
    .sort();
}

/** A request from a client that is not traced. */
async function asked(): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const traceparent = `00-${remote.traceId}-${remote.spanId}-01`;
  socket.end(`GET /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntraceparent: ${traceparent}\r\n\r\n`);
  return text(socket);
}

/** Returns the names of the headers that a request of the program sends to the server. */
async function headersSentByClient(): Promise<string[]> {
  const { port } = server.address() as AddressInfo;
  const span = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: 1 });
  const baggage = propagation.createBaggage({ user: { value: '7' } });
  const request = context.with(propagation.setBaggage(span, baggage), () => get({ port, host: '127.0.0.1' }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return (JSON.parse(await text(response)) as { sentHeaders: string[] }).sentHeaders.sort();
}
