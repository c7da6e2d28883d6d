import {
  listenTraced,
  type RawResponse,
  type RecordedSpan,
  type Recorder,
  send,
  whileServing,
} from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { FastifyInstrumentation } from '../src/index.ts';
import { type FastifyModule, listenerOf } from './program.ts';

/** The result of one request: the response, the SERVER span, and the spans inside it. */
export interface Trace {
  readonly response: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

type Request = Parameters<typeof send>[1];

/** Serves a traced application, and sends one request. */
export async function trace(
  recorder: Recorder,
  create: FastifyModule,
  build: (app: FastifyInstance) => unknown,
  target: string,
  request: Request = {},
  options: ConstructorParameters<typeof FastifyInstrumentation>[0] = {},
): Promise<Trace> {
  const instance = new FastifyInstrumentation(options);
  const app = create();
  build(app);
  try {
    return await whileServing(listenTraced(listenerOf(app)), async (url) => {
      const response = await send(url + target, request);
      const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      if (server === undefined) throw new Error('no SERVER span');
      return { response, server, layers };
    });
  } finally {
    instance.disable();
  }
}

/** A handler that throws. */
export function broken(): never {
  throw new TypeError('out of songs');
}
