import { listenTraced, type RawResponse, type RecordedSpan, type Recorder, send } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import type { Express } from 'express';
import express5 from 'express';
import express4 from 'express4';
import { ExpressInstrumentation } from '../src/index.ts';
import type { ExpressModule } from './program.ts';

/** Both major versions, as a table of tests. */
export const expresses: readonly (readonly [name: string, express: ExpressModule])[] = [
  ['express 4', express4 as ExpressModule],
  ['express 5', express5],
];

/** The result of one request: the response, the SERVER span, and the spans inside it in the order of their starts. */
export interface Trace {
  readonly response: RawResponse;
  readonly server: RecordedSpan;
  readonly layers: readonly RecordedSpan[];
}

/** Serves a traced application, and requests each target: `/users/7`, `OPTIONS /users`. */
export async function trace(
  recorder: Recorder,
  express: ExpressModule,
  options: ConstructorParameters<typeof ExpressInstrumentation>[0],
  build: (app: Express) => void,
  ...targets: string[]
): Promise<Trace[]> {
  const instance = new ExpressInstrumentation(options);
  instance.instrument(express);
  const app = express();
  app.set('env', 'production');
  build(app);
  const listening = await listenTraced(app);
  const traces: Trace[] = [];
  try {
    for (const target of targets) {
      const [path = '', method = 'GET'] = target.split(' ').reverse();
      const response = await send(`${listening.url}${path}`, { method });
      const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
      if (server === undefined) throw new Error('no SERVER span');
      traces.push({ response, server, layers });
    }
    return traces;
  } finally {
    await listening.close();
    instance.disable();
  }
}
