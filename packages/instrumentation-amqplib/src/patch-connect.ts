import { URL } from 'node:url';
import { isPromise } from 'node:util/types';
import { isTracingSuppressed } from '@clew/core';
import {
  ATTR,
  createAction,
  currentContext,
  errors,
  guard,
  observePromise,
  originals,
} from '@clew/core/plugin';
import { type Attributes, type Context, context, SpanKind } from '@opentelemetry/api';
import type { Channel } from './amqplib.ts';
import { type AmqplibTools, patchChannel } from './patch-channel.ts';

type Connect = (this: unknown, ...args: unknown[]) => unknown;
type FreshChannel = (this: object, channel: object, options: unknown) => unknown;

/** A connection that cannot be made is a span; one that is made leads to the class of its channels. */
export function patchConnect(api: object, tools: AmqplibTools): void {
  tools.wrap<Connect>(
    api,
    'connect',
    (connect) =>
      function (...args) {
        const caller = currentContext();
        const startTimeMs = originals.monotonicNow();
        const failed = (error: unknown) => recordFailure(tools, caller, startTimeMs, args[0], error);
        const connected = (model: unknown) =>
          guard(`${tools.name}: a connection`, () => patchModel(model, tools));
        const callback = args.at(-1);
        if (typeof callback === 'function') {
          args[args.length - 1] = (error: unknown, model: unknown) => {
            if (error) recordFailure(tools, caller, startTimeMs, args[0], error);
            else connected(model);
            return context.with(
              caller,
              callback as Connect,
              undefined,
              ...(error ? [error] : [error, model]),
            );
          };
        }
        let result: unknown;
        try {
          result = connect.apply(this, args);
        } catch (error) {
          failed(error);
          throw error;
        }
        return isPromise(result) ? observePromise(result, connected, failed) : result;
      },
  );
}

/** A model that recovers by itself holds the one of the moment. */
interface Model {
  readonly connection?: object;
  readonly _core?: { readonly _model?: Model };
}

function patchModel(model: unknown, tools: AmqplibTools): void {
  const { connection, _core } = model as Model;
  const wanted = connection ?? _core?._model?.connection;
  if (wanted === undefined) return;
  tools.wrap<FreshChannel>(
    Object.getPrototypeOf(wanted) as object,
    'freshChannel',
    (freshChannel) =>
      function (channel, options) {
        guard(`${tools.name}: a channel`, () => patchChannel(baseOf(channel as Channel), tools));
        return freshChannel.call(this, channel, options);
      },
  );
}

/** The prototype that both APIs' channels have in common. */
function baseOf(channel: Channel): object {
  let prototype: object = Object.getPrototypeOf(channel) as object;
  while (!Object.hasOwn(prototype, 'dispatchMessage')) prototype = Object.getPrototypeOf(prototype) as object;
  return prototype;
}

function recordFailure(
  tools: AmqplibTools,
  parent: Context,
  startTime: number,
  url: unknown,
  error: unknown,
): void {
  if (isTracingSuppressed(parent)) return;
  guard(`${tools.name}: a failed connection`, () => {
    const action = createAction({
      system: 'rabbitmq',
      name: 'connect',
      destination: '',
      label: '',
      more: brokerOf(url),
    });
    const { attributes } = action;
    const span = tools.tracer.startSpan('connect', { kind: SpanKind.CLIENT, attributes, startTime }, parent);
    errors.record(span, error);
    span.end();
  });
}

/** Host and port; never user and password. Nothing for what is no URL: amqplib says so itself. */
function brokerOf(url: unknown): Attributes {
  if (typeof url === 'string' && !URL.canParse(url)) return {};
  const { hostname, port, protocol } =
    typeof url === 'string' ? new URL(url) : ((url || { hostname: 'localhost' }) as Partial<URL>);
  const usual = /^amqps/.test(protocol ?? '') ? 5671 : 5672;
  return { [ATTR.serverAddress]: hostname || 'localhost', [ATTR.serverPort]: Number(port) || usual };
}
