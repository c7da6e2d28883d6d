import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { osprofilerFormat, uuidOfSpanId, uuidOfTraceId } from '@clew/osprofiler';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  type SpanContext,
  type TextMapGetter,
} from '@opentelemetry/api';
import { GOLDEN_ROWS, HMAC_KEYS, hmac, signed, text } from '../../packages/osprofiler/test/golden-rows.ts';
import { PeerTable } from './peer-table.ts';
import { missingOsprofiler, OsprofilerPeer, showTrace, startRedis } from './system-osprofiler.ts';

/** The trace that OSProfiler read from a request. */
interface PeerTrace {
  readonly traced: boolean;
  readonly base_id: string;
  readonly parent_id: string;
  readonly trace_id: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The headers of a trace that has no span yet. */
  readonly first: Readonly<Record<string, string>>;
}

interface PeerResponse {
  readonly status: number;
  readonly body: PeerTrace;
}

const missing = missingOsprofiler();
const table = new PeerTable('wire format, peer');

if (missing !== undefined) {
  process.stderr.write(`clew: OSProfiler is not tested: ${missing}\n`);
  test.skip(`OSProfiler: ${missing}`, () => {});
} else {
  describe('osprofiler with python3-osprofiler', () => suite());
}

function suite() {
  const format = osprofilerFormat({ hmacKeys: HMAC_KEYS });
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let peer: OsprofilerPeer;

  beforeAll(async () => {
    redis = await startRedis();
    peer = await OsprofilerPeer.start(HMAC_KEYS, redis.url);
  });
  afterAll(async () => {
    await peer.stop();
    await redis.stop();
    table.print();
  });

  test.each(GOLDEN_ROWS)(
    'both accept or reject the same headers: $name ($osprofiler)',
    async ({ headers, osprofiler }) => {
      const response = await requestPeer('/', headers);
      const decision = response.status === 500 ? 500 : response.body.traced ? 'traced' : 'not traced';
      expect(decision).toBe(osprofiler);
      const extracted = await extractAtServer(headers);
      expect(extracted === undefined ? 'not traced' : 'traced').toBe(
        decision === 500 ? 'not traced' : decision,
      );
      table.set('osprofiler, python3-osprofiler', 'same headers accepted', `${GOLDEN_ROWS.length} rows`);
    },
  );

  test.each(HMAC_KEYS)(
    'Clew continues its trace, and it continues that of Clew, with the same key (%s)',
    async (key) => {
      const started = (await requestPeer(`/start?key=${key}`)).body;
      const extracted = await extractAtServer(started.headers);
      if (extracted?.kind !== 'parent') throw new Error('expected a parent');
      const { traceId, spanId, traceFlags } = extracted.spanContext;
      expect(uuidOfTraceId(traceId)).toBe(started.base_id);
      expect(started.trace_id.replaceAll('-', '').slice(16)).toBe(spanId);
      expect(traceFlags).toBe(1);

      const ours = { ...extracted.spanContext, spanId: hex(8) };
      const sent = inject(ours);
      expect(sent['x-trace-hmac']).toBe(hmac('sha1', sent['x-trace-info'] ?? '', key));
      const read = (await requestPeer('/', sent)).body;
      expect(read).toMatchObject({
        traced: true,
        base_id: started.base_id,
        parent_id: uuidOfSpanId(ours.spanId),
      });
      table.set('osprofiler, python3-osprofiler', 'Clew continues its trace', 'yes, with the same key');
    },
  );

  test('Clew starts the trace of a command that was called with --os-profile', async () => {
    const started = (await requestPeer('/start?key=SECOND_KEY')).body;
    const extracted = await extractAtServer(started.first);
    expect(extracted).toMatchObject({
      kind: 'start',
      traceId: started.base_id.replaceAll('-', ''),
      decision: 'sample',
    });
  });

  test('it stores a trace of Clew in Redis, where its command finds it, and Clew continues that trace', async () => {
    const ours: SpanContext = { traceId: hex(16), spanId: hex(8), traceFlags: 1 };
    const baseId = uuidOfTraceId(ours.traceId);
    const { body: read } = await requestPeer('/hello?x=1', inject(ours));
    expect(read).toMatchObject({ traced: true, base_id: baseId, parent_id: uuidOfSpanId(ours.spanId) });

    expect(showTrace(baseId, redis.url)).toMatchObject({
      info: { name: 'total' },
      children: [
        {
          info: { name: 'wsgi', project: 'peer', service: 'wsgi' },
          trace_id: read.trace_id,
          parent_id: uuidOfSpanId(ours.spanId),
        },
      ],
    });
    const sentBack = await extractAtServer(read.headers);
    const spanId = read.trace_id.replaceAll('-', '').slice(16);
    expect(sentBack).toMatchObject({ kind: 'parent', spanContext: { traceId: ours.traceId, spanId } });
    table.set(
      'osprofiler, python3-osprofiler',
      'it continues a trace of Clew',
      'yes, printed by `osprofiler trace show`',
    );
  });

  test('it does not trace a request that is not sampled', async () => {
    const headers = inject({ traceId: hex(16), spanId: hex(8), traceFlags: 0 });
    expect((await requestPeer('/', headers)).body).toEqual({ traced: false });
  });

  test('Clew sends back an id that is not a UUID as it received it', async () => {
    const baseId = `trace-${hex(4)}`;
    const extracted = await extractAtServer(signed(text({ base_id: baseId, parent_id: 'caller' })));
    if (extracted?.kind !== 'parent') throw new Error('expected a parent');
    expect((await requestPeer('/', inject({ ...extracted.spanContext, spanId: hex(8) }))).body.base_id).toBe(
      baseId,
    );
  });

  function requestPeer(path: string, headers: Readonly<Record<string, string>> = {}): Promise<PeerResponse> {
    return get(peer.url + path, headers);
  }

  /** Sends the headers to a server, and returns what Clew extracts from them. */
  async function extractAtServer(headers: Readonly<Record<string, string>>) {
    const extracted = Promise.withResolvers<ReturnType<typeof format.extract>>();
    const server = createServer((incoming, response) => {
      const getter = defaultTextMapGetter as TextMapGetter<typeof incoming.headers>;
      extracted.resolve(format.extract(incoming.headers, getter));
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, headers);
    server.close();
    return extracted.promise;
  }

  function inject(spanContext: SpanContext): Record<string, string> {
    const headers: Record<string, string> = {};
    format.inject({ spanContext, baggage: undefined }, headers, defaultTextMapSetter);
    return headers;
  }
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<PeerResponse> {
  const sending = request(url, { headers, agent: false }).end();
  const [response] = await once(sending, 'response');
  const content = (await response.toArray()).join('');
  return { status: response.statusCode, body: response.statusCode === 200 ? JSON.parse(content) : undefined };
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
