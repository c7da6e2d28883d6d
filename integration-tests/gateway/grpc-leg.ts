import { setTimeout as delay } from 'node:timers/promises';
import type * as Grpc from '@grpc/grpc-js';
import { apis } from '../grpc/apis.ts';
import {
  type Client,
  definition,
  type Handlers,
  instrument,
  type Service,
  startService,
} from '../grpc/traced.ts';
import { type Leg, Signals } from './leg.ts';

const { NOT_FOUND, UNAVAILABLE, INTERNAL } = { NOT_FOUND: 5, UNAVAILABLE: 14, INTERNAL: 13 };
const UNARY = 'shop.Orders/Unary';
const LIST = 'shop.Orders/List';

const RETRIES = JSON.stringify({
  methodConfig: [
    {
      name: [{ service: 'shop.Orders' }],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: '0.01s',
        maxBackoff: '0.01s',
        backoffMultiplier: 1,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
});

const pair = (name: string, client: string, server: string) => [
  `CLIENT ${name}: ${client}`,
  `  SERVER ${name}: ${server}`,
];

/** Calls with one response. */
const UNARY_FAULTS: Leg['faults'] = {
  none: pair(UNARY, 'complete', 'complete'),
  refused: pair(UNARY, 'failed NOT_FOUND', 'complete'),
  retried: [
    `CLIENT ${UNARY}: complete`,
    `  SERVER ${UNARY}: complete`,
    `  SERVER ${UNARY}: failed UNAVAILABLE`,
  ],
  cancelled: pair(UNARY, 'cancelled', 'cancelled'),
};

/** Calls with a stream of responses. */
const STREAM_FAULTS: Leg['faults'] = {
  streamed: pair(LIST, 'complete', 'complete'),
  broken: pair(LIST, 'failed INTERNAL', 'failed INTERNAL'),
  'stream cancelled': pair(LIST, 'cancelled', 'cancelled'),
  left: pair(LIST, 'abandoned', 'complete'),
};

/** Calls of a service in this process. */
export function grpcLeg(): Leg {
  const [api] = apis.slice(-1);
  const plugin = instrument(api!);
  const started = new Signals();
  const refused = new Set<number>();
  let service: Service;
  let client: Client;

  const unary: Grpc.handleUnaryCall<string, string> = ({ request }, respond) => {
    const { fault, id } = JSON.parse(request) as { fault: string; id: number };
    started.of(id).resolve();
    if (fault === 'refused') respond({ code: NOT_FOUND, details: 'no such order' });
    else if (fault === 'retried' && !refused.has(id)) {
      refused.add(id);
      respond({ code: UNAVAILABLE, details: 'not yet' });
    } else if (fault !== 'cancelled') respond(null, '42');
  };

  const list: Grpc.handleServerStreamingCall<string, string> = async (call) => {
    const { fault } = JSON.parse(call.request) as { fault: string };
    call.write('one');
    if (fault === 'stream cancelled') return;
    await delay(2);
    if (fault === 'broken') call.emit('error', { code: INTERNAL, details: 'broken' });
    else {
      call.write('two');
      call.end();
    }
  };

  function callUnary(fault: string, id: number): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const call = client.unary(JSON.stringify({ fault, id }), (error, value) =>
        error ? reject(error) : resolve(value),
      );
      if (fault === 'cancelled') void started.of(id).promise.then(() => call.cancel());
    });
  }

  async function readList(fault: string, id: number): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = definition.list;
    const text = JSON.stringify({ fault, id });
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, text);
    for await (const _message of call) {
      if (fault === 'stream cancelled') call.cancel();
      if (fault === 'left') break;
    }
  }

  return {
    faults: { ...UNARY_FAULTS, ...STREAM_FAULTS },
    async open() {
      const handlers = { unary, list } as Handlers;
      service = await startService(api!, handlers);
      client = service.newClient({ 'grpc.service_config': RETRIES });
    },
    call: (fault, id) => (fault in UNARY_FAULTS ? callUnary(fault, id) : readList(fault, id)),
    async close() {
      service.close();
      plugin.disable();
    },
  };
}
