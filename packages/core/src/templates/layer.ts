import { type Attributes, context, SpanKind, trace } from '@opentelemetry/api';
import { begin, currentContext, type Exchange } from '../exchange.ts';
import { oneOf } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';

/** A step of a framework: a middleware, a router, a handler. */
export interface Layer {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Which layers become spans: `none`, those that took `slowLayerMs` or longer, or `all`. */
export const layersOption = oneOf(['none', 'slow', 'all'], 'none');

/**
 * Starts an INTERNAL span for a layer. Nothing comes back when nobody records the request: the layer is
 * then called as if we were not there.
 */
export function beginLayer(tools: Tools<unknown>, layer: Layer): Exchange | undefined {
  const parent = currentContext();
  if (trace.getSpan(parent)?.isRecording() !== true) return undefined;
  return begin(`${tools.name}: starting a span`, parent, () =>
    tools.tracer.startSpan(layer.name, { kind: SpanKind.INTERNAL, attributes: layer.attributes }, parent),
  );
}

/** Calls an asynchronous layer with its span current; the span ends when the layer's promise settles. */
export function runLayer<T>(tools: Tools<unknown>, layer: Layer, call: () => T): T {
  const exchange = beginLayer(tools, layer);
  return exchange === undefined ? call() : exchange.settle(exchange.run(call));
}

/** Records, after the fact, a layer that was slow. Spans made inside it are its siblings. */
export function recordSlowLayer(tools: Tools<unknown>, layer: Layer, startTimeMs: number): void {
  const parent = currentContext();
  if (trace.getSpan(parent)?.isRecording() !== true) return;
  const options = { kind: SpanKind.INTERNAL, attributes: layer.attributes, startTime: startTimeMs };
  begin(`${tools.name}: starting a span`, parent, () =>
    tools.tracer.startSpan(layer.name, options, parent),
  )?.end();
}

/** Calls `fn` in the context that was current before a layer began: what follows a layer is not inside it. */
export function outside<T>(before: ReturnType<typeof currentContext>, fn: () => T): T {
  return context.with(before, fn);
}
