import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly links: readonly { readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A receiver of OTLP over HTTP, in JSON. */
export interface Receiver {
  /** Variables that make an application export to it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Removes and returns the spans that it has received so far. */
  take(): ReceivedSpan[];
  /** Everything that it has received, as text. */
  readonly received: () => string;
  /** What it does with requests. */
  mode: 'responds' | 'hangs' | 'resets';
  /** Ends the open connections, as a receiver does with idle ones. */
  disconnect(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export async function startReceiver(): Promise<Receiver> {
  let spans: ReceivedSpan[] = [];
  let all = '';
  const server = createServer(async (request, response) => {
    if (receiver.mode === 'resets') request.socket.resetAndDestroy();
    if (receiver.mode !== 'responds') return;
    const body = await text(request);
    all += body;
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: never[] };
    for (const each of resourceSpans) spans.push(...spansIn(each));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const { url, close } = await listenOn(server);
  const receiver: Receiver = {
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    received: () => all,
    mode: 'responds',
    take() {
      const taken = spans;
      spans = [];
      return taken;
    },
    disconnect: () => server.closeAllConnections(),
    close,
  };
  return receiver;
}

function spansIn(each: {
  readonly resource: { readonly attributes: Pair[] };
  readonly scopeSpans: { readonly spans: (ReceivedSpan & { readonly attributes: never })[] }[];
}): ReceivedSpan[] {
  const resource = objectOf(each.resource.attributes);
  return each.scopeSpans.flatMap((scope) =>
    scope.spans.map((span) => ({
      ...span,
      status: span.status ?? {},
      links: span.links ?? [],
      attributes: objectOf(span.attributes ?? []),
      resource,
    })),
  );
}

function objectOf(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]));
}

function plain(value: Pair['value']): unknown {
  const [inner] = Object.values(value);
  const list = (inner as { readonly values?: readonly Pair['value'][] }).values;
  return list === undefined ? inner : list.map(plain);
}
