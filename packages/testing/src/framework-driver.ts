import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { SpanKind } from '@opentelemetry/api';
import type { FrameworkProgram } from './framework-program.ts';
import type { Step } from './framework-steps.ts';
import { type RawAnswer, send } from './raw-http.ts';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';
import { whileServing } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** The adapter of a framework on `node:http`. */
export interface HttpFrameworkAdapter extends SubjectAdapter {
  /** `express 5` */
  readonly name: string;
  readonly skips?: Skips;
  /** Builds the application with the framework as it is now, patched or not. */
  listener(program: FrameworkProgram): RequestListener;
  /** Builds an application of steps, likewise. */
  steps(steps: readonly Step[]): RequestListener;
  /** The path of a route that matches everything: `/{*rest}`. */
  readonly catchAll: string;
  /** The framework's spelling of a route, where that is not `/users/:id`. */
  spelling?(route: string): string;
  /** Names of the layer spans; undefined where the framework has no such layer. */
  readonly layerNames: {
    middleware(name: string): string | undefined;
    handler(route: string): string | undefined;
  };
}

/** The common steps of the tests of a framework. */
export interface FrameworkDriver {
  readonly adapter: HttpFrameworkAdapter;
  readonly recorder: Recorder;
  /** A route as the framework spells it. */
  spelled(route: string): string;
  /** Serves an application with the plugin enabled while `work` runs. */
  serving<T>(program: FrameworkProgram, options: object, work: (url: string) => Promise<T>): Promise<T>;
  /** Sends one request with the default options, and returns the SERVER span, which must be the only one. */
  serveOne(
    program: FrameworkProgram,
    target: string,
  ): Promise<{ readonly answer: RawAnswer; readonly span: RecordedSpan }>;
  /** Sends one request, and returns the SERVER span and its descendants in the order of their starts. */
  serveLayers(
    program: FrameworkProgram,
    target: string,
    options: object,
  ): Promise<{ readonly server: RecordedSpan; readonly layers: readonly RecordedSpan[] }>;
}

/** Creates the steps for a framework's adapter. */
export function driveFramework(adapter: HttpFrameworkAdapter): FrameworkDriver {
  const recorder = prepareRecorder();
  const serving: FrameworkDriver['serving'] = (program, options, work) =>
    tracing(adapter, options, () => whileServing(listenTraced(adapter.listener(program)), work));
  return {
    adapter,
    recorder,
    spelled: (route) => (adapter.spelling ? adapter.spelling(route) : route),
    serving,
    serveOne: (program, target) =>
      serving(program, {}, async (url) => {
        const answer = await send(`${url}${target}`);
        const [span] = await recorder.take(1);
        assert(span);
        assert.equal(span.kind, SpanKind.SERVER);
        return { answer, span };
      }),
    serveLayers: (program, target, options) =>
      serving(program, options, async (url) => {
        await send(`${url}${target}`);
        const [server, ...layers] = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
        assert(server);
        assert.equal(server.kind, SpanKind.SERVER);
        for (const layer of layers) {
          assert.equal(layer.traceId, server.traceId);
          assert.equal(layer.kind, SpanKind.INTERNAL);
        }
        return { server, layers };
      }),
  };
}
