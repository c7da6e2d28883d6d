import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import { begin, currentContext, type Exchange } from '../exchange.ts';
import { numberIn, oneOf } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';

/** A step of a framework: a middleware, a router, a handler. */
export interface Layer {
  readonly name: string;
  /** Where the object is frozen and the same each time, our tracer encodes it once. */
  readonly attributes: Attributes;
}

/** Options of every framework's plugin. */
export interface LayerOptions {
  readonly layers: 'none' | 'slow' | 'all';
  readonly slowLayerMs: number;
}

/** Which layers become spans: `none`, those that took `slowLayerMs` or longer, or `all`. */
export const layersOption = oneOf(['none', 'slow', 'all'], 'none');

/** From how many milliseconds on a layer is slow: in [0, 3600000], 10 by default. */
export const slowLayerMsOption = numberIn(0, 3_600_000, 10);

/**
 * Begins a layer as the options say. Nothing comes back when nobody records the request, or no layers are asked
 * for: the layer is then called as if we were not there. `onSpan` is called with the span, if there comes one.
 */
export function beginLayer(
  tools: Tools<LayerOptions>,
  layer: Layer,
  onSpan?: (span: Span) => void,
): LayerRun | undefined {
  const { layers } = tools.options;
  if (layers === 'none') return undefined;
  const before = currentContext();
  if (trace.getSpan(before)?.isRecording() !== true) return undefined;
  if (layers === 'slow') return new SlowLayerRun(tools, layer, before, onSpan);
  const exchange = start(tools, layer, before);
  if (exchange === undefined) return undefined;
  onSpan?.(exchange.span);
  return new SpannedLayerRun(exchange, before);
}

/** A layer that has begun and ends once. */
export interface LayerRun {
  readonly ended: boolean;
  /** Calls the layer. With `layers: 'all'` its span is current inside. */
  inside<T>(call: () => T): T;
  /** Calls what follows the layer, which is not inside it. */
  outside<T>(call: () => T): T;
  /** Records an error, unless an inner layer of this trace has: it belongs where it arose. */
  fail(error: unknown): void;
  end(): void;
  /** Calls a layer that is done when its promise settles. What comes back settles after the layer's end, in the same way. */
  settle<T>(call: () => T): T;
}

/** Errors that a layer has recorded, with their trace: a program may throw one object for many requests. */
const recordedIn = new WeakMap<object, string>();

abstract class BaseLayerRun {
  abstract inside<T>(call: () => T): T;
  abstract fail(error: unknown): void;
  abstract end(): void;

  settle<T>(call: () => T): T {
    const fail = (error: unknown): never => {
      this.fail(error);
      this.end();
      throw error;
    };
    let value: T;
    try {
      value = this.inside(call);
    } catch (error) {
      return fail(error);
    }
    // Handing on the derived promise: a rejection that nobody handles must stay one.
    if (value instanceof Promise) {
      const end = (settled: unknown) => {
        this.end();
        return settled;
      };
      return value.then(end, fail) as T;
    }
    this.end();
    return value;
  }
}

class SpannedLayerRun extends BaseLayerRun implements LayerRun {
  readonly #exchange: Exchange;
  readonly #before: Context;

  constructor(exchange: Exchange, before: Context) {
    super();
    this.#exchange = exchange;
    this.#before = before;
  }

  get ended(): boolean {
    return this.#exchange.ended;
  }

  inside<T>(call: () => T): T {
    return context.with(this.#exchange.context, call);
  }

  outside<T>(call: () => T): T {
    return context.with(this.#before, call);
  }

  fail(error: unknown): void {
    if (this.#exchange.recording && isNew(error, this.#exchange.span)) this.#exchange.fail(error);
  }

  end(): void {
    this.#exchange.end();
  }
}

/** Is no span until it has been slow; spans made inside it are its siblings. */
class SlowLayerRun extends BaseLayerRun implements LayerRun {
  readonly #tools: Tools<LayerOptions>;
  readonly #layer: Layer;
  readonly #before: Context;
  readonly #onSpan: ((span: Span) => void) | undefined;
  readonly #startMs = performance.now();
  #failure: { readonly error: unknown } | undefined;
  ended = false;

  constructor(
    tools: Tools<LayerOptions>,
    layer: Layer,
    before: Context,
    onSpan: ((span: Span) => void) | undefined,
  ) {
    super();
    this.#tools = tools;
    this.#layer = layer;
    this.#before = before;
    this.#onSpan = onSpan;
  }

  inside<T>(call: () => T): T {
    return call();
  }

  outside<T>(call: () => T): T {
    return call();
  }

  fail(error: unknown): void {
    const span = trace.getSpan(this.#before);
    if (!this.ended && span !== undefined && isNew(error, span)) this.#failure = { error };
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (performance.now() - this.#startMs < this.#tools.options.slowLayerMs) return;
    const exchange = start(this.#tools, this.#layer, this.#before, this.#startMs);
    if (exchange === undefined) return;
    this.#onSpan?.(exchange.span);
    if (this.#failure !== undefined) exchange.fail(this.#failure.error);
    exchange.end();
  }
}

/** `startMs` is a reading of `performance.now()`. */
function start(
  tools: Tools<LayerOptions>,
  { name, attributes }: Layer,
  parent: Context,
  startMs?: number,
): Exchange | undefined {
  const options: SpanOptions = { kind: SpanKind.INTERNAL, attributes };
  if (startMs !== undefined) options.startTime = startMs;
  return begin(`${tools.name}: starting a span`, parent, () => tools.tracer.startSpan(name, options, parent));
}

function isNew(error: unknown, span: Span): boolean {
  if (typeof error !== 'object' || error === null) return true;
  const { traceId } = span.spanContext();
  if (recordedIn.get(error) === traceId) return false;
  recordedIn.set(error, traceId);
  return true;
}
