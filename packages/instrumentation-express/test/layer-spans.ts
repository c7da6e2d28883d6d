import type { RecordedSpan, Recorder } from '@clew/testing';
import type { Express } from 'express';
import type { ExpressModule } from './program.ts';
import { type Trace, trace } from './traced.ts';

/** Resolves in a later turn of the event loop. */
export const later = () => new Promise((resolve) => setTimeout(resolve, 2));

/** Serves a traced application, and sends one request. */
export async function traceOne(
  recorder: Recorder,
  express: ExpressModule,
  options: object,
  build: (app: Express) => void,
  target: string,
): Promise<Trace> {
  const [traced] = await trace(recorder, express, options, build, target);
  if (traced === undefined) throw new Error('no trace');
  return traced;
}

/** `parent > child` of each span, in the order of their starts, without the layers of Express itself. */
export function tree({ server, layers }: Trace): string[] {
  const spans = [server, ...layers];
  const nameOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name;
  return layers
    .filter(({ name }) => !/ - (query|expressInit)$/.test(name))
    .map(({ parentSpanId, name }) => `${nameOf(parentSpanId)} > ${name}`);
}

/** The first layer with this name. */
export function named({ layers }: Trace, name: string): RecordedSpan {
  const found = layers.find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`no ${name} in ${layers.map((layer) => layer.name)}`);
  return found;
}
