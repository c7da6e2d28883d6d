import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import { guard, reportFailure } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { monotonicNow } from '../kit/originals.ts';
import type { Tools } from '../kit/target.ts';
import type { ChannelOperation } from '../kit/tracing-channel.ts';
import { currentContext, Operation } from '../operation.ts';
import { recordError } from '../record-error.ts';
import { type SharedAttributes, shareAttributes } from '../shared-attributes.ts';
import type { FrameworkTools, LayerInfo } from './framework-options.ts';
import { isAnotherOfSame, serverRequestOf } from './server-request.ts';

/** A step of a framework: a middleware, a router, a handler. Create it once for all requests. */
export interface Layer {
  readonly name: string;
  readonly options: SpanOptions & { readonly attributes: SharedAttributes };
}

/** Creates a layer from the name and the attributes of its span. They are frozen, and Clew's tracer encodes them once. */
export function createLayer(name: string, attributes: Attributes): Layer {
  return {
    name,
    options: Object.freeze({ kind: SpanKind.INTERNAL, attributes: shareAttributes(attributes) }),
  };
}

/** Starts a layer inside a recorded request; `undefined` if the tracer fails. The hooks receive its span and `info`. */
export function startLayer<Info extends LayerInfo>(
  tools: FrameworkTools<Info>,
  layer: Layer,
  info: Info,
  before: Context,
): LayerRun | undefined {
  if (tools.options.layers === 'slow') return new SlowLayerRun(tools, layer, before, info);
  const run = start(tools, layer, before);
  if (run !== undefined) callHooks(tools, layer, run.span, info);
  return run;
}

function callHooks<Info extends LayerInfo>(
  tools: FrameworkTools<Info>,
  { name }: Layer,
  span: Span,
  info: Info,
): void {
  const { spanNameHook, requestHook } = tools.options;
  if (spanNameHook !== undefined)
    tools.callHook((named: Span) => named.updateName(spanNameHook(info, name) ?? name), span);
  if (requestHook !== undefined) tools.callHook(requestHook, span, info);
}

/** A layer that has started and ends once. */
export interface LayerRun extends ChannelOperation {
  /** Calls the layer. With `layers: 'all'` its span is current inside. */
  inside<T>(call: () => T): T;
  /**
   * The context for what follows the layer; read it where the layer passes the request on. What follows is not inside the
   * layer, but keeps the values that the application added to the context. A lost context is restored.
   */
  following(): Context;
  /** Records an error, unless an inner layer of the request has recorded it. */
  fail(error: unknown): void;
}

/**
 * Calls a layer that is done when its promise settles. The returned promise settles after the layer's end, in the same
 * way. `failureIn` finds the error in the value of a framework that returns errors instead of throwing them.
 */
export function settleLayer<T>(run: LayerRun, call: () => T, failureIn?: (value: unknown) => unknown): T {
  let value: T;
  try {
    value = run.inside(call);
  } catch (error) {
    run.fail(error);
    run.end();
    throw error;
  }
  if (typeof value !== 'object' || value === null) {
    run.end();
    return value;
  }
  const failed = (error: unknown) => {
    run.fail(error);
    run.end();
  };
  const settled = (result: unknown) => {
    const failure = failureIn?.(result);
    if (failure !== undefined) run.fail(failure);
    run.end();
  };
  return observePromise(value, settled, failed);
}

/** Errors that a layer has recorded, with their request: an application may throw one object in several requests. */
const recordedIn = new WeakMap<object, unknown>();

/** The layer that a context was created in. */
const LAYER = createContextKey('clew.layer');

class SpannedLayerRun extends Operation implements LayerRun {
  readonly #before: Context;

  constructor(span: Span, before: Context) {
    super(span, trace.setSpan(before, span).setValue(LAYER, span));
    this.#before = before;
  }

  inside<T>(call: () => T): T {
    return context.with(this.context, call);
  }

  following(): Context {
    const current = currentContext();
    if (current === this.context) return this.#before;
    if (trace.getSpan(current) === this.span) return around(current, this.#before);
    // Middleware may start a span for everything that follows, inside the layer's span or as a server request.
    const isItsOwn = current.getValue(LAYER) === this.span || isAnotherOfSame(current, this.#before);
    return isItsOwn ? current : this.#before;
  }

  override fail(error: unknown): void {
    if (this.recording && isNew(error, this.#before, this.span)) super.fail(error);
  }
}

/** Has no span until it has been slow; spans started inside it are its siblings. */
class SlowLayerRun<Info extends LayerInfo> implements LayerRun {
  readonly #tools: FrameworkTools<Info>;
  readonly #layer: Layer;
  readonly #before: Context;
  readonly #info: Info;
  readonly #startMs = monotonicNow();
  #failure: { readonly error: unknown } | undefined;
  readonly context = undefined;
  ended = false;

  constructor(tools: FrameworkTools<Info>, layer: Layer, before: Context, info: Info) {
    this.#tools = tools;
    this.#layer = layer;
    this.#before = before;
    this.#info = info;
  }

  inside<T>(call: () => T): T {
    return call();
  }

  get recording(): boolean {
    return !this.ended;
  }

  following(): Context {
    return currentContext();
  }

  fail(error: unknown): void {
    const span = trace.getSpan(this.#before);
    if (!this.ended && span !== undefined && isNew(error, this.#before, span)) this.#failure = { error };
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (monotonicNow() - this.#startMs < this.#tools.options.slowLayerMs) return;
    const run = start(this.#tools, this.#layer, this.#before, this.#startMs);
    if (run === undefined) return;
    callHooks(this.#tools, this.#layer, run.span, this.#info);
    const failure = this.#failure;
    // Not `run.fail`: the error was new when it was recorded here.
    if (failure !== undefined) guard('recording an error', () => recordError(run.span, failure.error));
    run.end();
  }
}

/** `startMs` is in the terms of `performance.now()`. Returns `undefined` if the tracer fails. */
function start(
  { name: plugin, tracer }: Pick<Tools<never>, 'name' | 'tracer'>,
  { name, options }: Layer,
  before: Context,
  startMs?: number,
): SpannedLayerRun | undefined {
  const started = startMs === undefined ? options : { ...options, startTime: startMs };
  try {
    return new SpannedLayerRun(tracer.startSpan(name, started, before), before);
  } catch (fault) {
    reportFailure(`${plugin}: starting a span`, fault);
    return undefined;
  }
}

/** Whether no other layer of the same request has recorded this error. */
function isNew(error: unknown, before: Context, span: Span): boolean {
  if (typeof error !== 'object' || error === null) return true;
  const request = serverRequestOf(before) ?? span.spanContext().traceId;
  if (recordedIn.get(error) === request) return false;
  recordedIn.set(error, request);
  return true;
}

/** Replaces the layer's span in the context by the surrounding one. */
function around(current: Context, before: Context): Context {
  const outer = trace.getSpan(before);
  return outer === undefined ? trace.deleteSpan(current) : trace.setSpan(current, outer);
}
