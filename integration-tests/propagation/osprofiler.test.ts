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
import { OsprofilerPeer, showTrace, startRedis, whyNoOsprofiler } from './system-osprofiler.ts';

/** What the program behind OSProfiler's middleware answers. */
interface Seen {
  readonly traced: boolean;
  readonly base_id: string;
  readonly parent_id: string;
  readonly trace_id: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The headers of a trace that has no span yet. */
  readonly first: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly body: Seen;
}

const why = whyNoOsprofiler();
const table = new PeerTable('wire format, peer');

if (why !== undefined) {
  process.stderr.write(`clew: OSProfiler is not tried: ${why}\n`);
  test.skip(`OSProfiler: ${why}`, () => {});
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

  test.each(GOLDEN_ROWS)('it and we decide alike: $name ($osprofiler)', async ({ headers, osprofiler }) => {
    const theirs = await ask('/', headers);
    const said = theirs.status === 500 ? 500 : theirs.body.traced ? 'traced' : 'not traced';
    expect(said).toBe(osprofiler);
    const ours = await atOurServer(headers);
    expect(ours === undefined ? 'not traced' : 'traced').toBe(said === 500 ? 'not traced' : said);
    table.set('osprofiler, python3-osprofiler', 'accepted and refused alike', `${GOLDEN_ROWS.length} rows`);
  });

  test.each(HMAC_KEYS)('we go on with its trace, and it with ours again, on its key (%s)', async (key) => {
    const begun = (await ask(`/begin?key=${key}`)).body;
    const came = await atOurServer(begun.headers);
    if (came?.kind !== 'parent') throw new Error('expected a parent');
    const { traceId, spanId, traceFlags } = came.spanContext;
    expect(uuidOfTraceId(traceId)).toBe(begun.base_id);
    expect(begun.trace_id.replaceAll('-', '').slice(16)).toBe(spanId);
    expect(traceFlags).toBe(1);

    const ours = { ...came.spanContext, spanId: hex(8) };
    const sent = inject(ours);
    expect(sent['x-trace-hmac']).toBe(hmac('sha1', sent['x-trace-info'] ?? '', key));
    const seen = (await ask('/', sent)).body;
    expect(seen).toMatchObject({
      traced: true,
      base_id: begun.base_id,
      parent_id: uuidOfSpanId(ours.spanId),
    });
    table.set('osprofiler, python3-osprofiler', 'we go on', 'yes, on its key');
  });

  test('whoever begins with --os-profile asks us to begin', async () => {
    const begun = (await ask('/begin?key=SECOND_KEY')).body;
    const came = await atOurServer(begun.first);
    expect(came).toMatchObject({
      kind: 'start',
      traceId: begun.base_id.replaceAll('-', ''),
      decision: 'sample',
    });
  });

  test('our signed headers begin a trace that its command prints from Redis, and it goes on to us', async () => {
    const ours: SpanContext = { traceId: hex(16), spanId: hex(8), traceFlags: 1 };
    const baseId = uuidOfTraceId(ours.traceId);
    const { body: seen } = await ask('/hello?x=1', inject(ours));
    expect(seen).toMatchObject({ traced: true, base_id: baseId, parent_id: uuidOfSpanId(ours.spanId) });

    expect(showTrace(baseId, redis.url)).toMatchObject({
      info: { name: 'total' },
      children: [
        {
          info: { name: 'wsgi', project: 'peer', service: 'wsgi' },
          trace_id: seen.trace_id,
          parent_id: uuidOfSpanId(ours.spanId),
        },
      ],
    });
    const back = await atOurServer(seen.headers);
    const spanId = seen.trace_id.replaceAll('-', '').slice(16);
    expect(back).toMatchObject({ kind: 'parent', spanContext: { traceId: ours.traceId, spanId } });
    table.set('osprofiler, python3-osprofiler', 'it goes on', 'yes, shown by `osprofiler trace show`');
  });

  test('a trace that is not sampled goes by untraced', async () => {
    const headers = inject({ traceId: hex(16), spanId: hex(8), traceFlags: 0 });
    expect((await ask('/', headers)).body).toEqual({ traced: false });
  });

  test('an id that is no UUID is found again in its store as it came', async () => {
    const baseId = `trace-${hex(4)}`;
    const came = await atOurServer(signed(text({ base_id: baseId, parent_id: 'caller' })));
    if (came?.kind !== 'parent') throw new Error('expected a parent');
    expect((await ask('/', inject({ ...came.spanContext, spanId: hex(8) }))).body.base_id).toBe(baseId);
  });

  function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return get(peer.url + path, headers);
  }

  /** What we make of a request's bytes, through a server of ours. */
  async function atOurServer(headers: Readonly<Record<string, string>>) {
    const came = Promise.withResolvers<ReturnType<typeof format.extract>>();
    const server = createServer((incoming, response) => {
      const getter = defaultTextMapGetter as TextMapGetter<typeof incoming.headers>;
      came.resolve(format.extract(incoming.headers, getter));
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, headers);
    server.close();
    return came.promise;
  }

  function inject(spanContext: SpanContext): Record<string, string> {
    const headers: Record<string, string> = {};
    format.inject({ spanContext, baggage: undefined }, headers, defaultTextMapSetter);
    return headers;
  }
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const sending = request(url, { headers, agent: false }).end();
  const [response] = await once(sending, 'response');
  const content = (await response.toArray()).join('');
  return { status: response.statusCode, body: response.statusCode === 200 ? JSON.parse(content) : undefined };
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
