import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { type ClientCall, client, guard } from '@clew/core/plugin';
import { startModelCall } from './bedrock/model-call.ts';
import { describeCall, errorSummary, failureAttributes, resultAttributes } from './describe-call.ts';
import { followAttempts } from './follow-attempts.ts';
import type { AwsTools } from './options.ts';
import { ContextMiddleware } from './propagation/context-middleware.ts';
import type { Client, Command, SendOptions } from './sdk.ts';
import { SharedCredentials } from './shared-credentials.ts';

type Callback = (error: unknown, output?: unknown) => void;
type Send = (
  this: Client,
  command: Command,
  optionsOrCallback?: SendOptions | Callback,
  callback?: Callback,
) => unknown;

/** The exports of the package of the class, or of a service's client. */
type Exports = Readonly<Record<string, unknown>>;

/** Patches the class of which the clients of all services are derived. */
export function patchClient(moduleExports: unknown, tools: AwsTools): void {
  const prototype = basePrototypeOf(moduleExports as Exports);
  if (prototype === undefined) return;
  const contexts = new ContextMiddleware(tools);
  const credentials = new SharedCredentials(tools);
  tools.wrap<Send>(
    prototype,
    'send',
    (send) =>
      function (...args) {
        const [command, given, last] = args;
        guard(`${tools.name}: the middleware`, () => contexts.addTo(this));
        const started = start(tools, this, command, typeof given === 'function' ? undefined : given);
        if (started === undefined) return send.apply(this, args);
        const { call, deliver } = started;
        guard(`${tools.name}: the credentials`, () => credentials.observe(this));
        guard(`${tools.name}: a handler`, () => followAttempts(tools, call, this.config.requestHandler));
        const describe = (output: unknown) => {
          if (call.recording) call.span.setAttributes(resultAttributes(this, command, output));
          deliver?.(output);
        };
        if (typeof given === 'function')
          return call.run(() => send.call(this, command, call.callback(given, describe)));
        if (typeof last === 'function')
          return call.run(() => send.call(this, command, given, call.callback(last, describe)));
        return call.settle(
          call.run(() => send.apply(this, args)),
          (output) => {
            describe(output);
            if (deliver === undefined) followStream(call, output);
          },
        );
      },
  );
}

/** Packages of services export the class as `__Client`; older ones do not, but their own client extends it. */
function basePrototypeOf(moduleExports: Exports): object | undefined {
  const { Client: Base, __Client = Base } = moduleExports;
  const found =
    __Client ??
    Object.getPrototypeOf(
      Object.entries(moduleExports).find(([name]) => name.endsWith('Client'))?.[1] ?? Object.prototype,
    );
  return typeof found === 'function' ? (found.prototype as object | undefined) : undefined;
}

interface StartedCall {
  readonly call: ClientCall;
  /** Reads the output of a model, and follows its stream. */
  readonly deliver?: (output: unknown) => void;
}

function start(
  tools: AwsTools,
  sender: Client,
  command: Command,
  options: SendOptions | undefined,
): StartedCall | undefined {
  // Clients that are generated for services other than those of AWS have the same class.
  if (typeof sender.config?.serviceId !== 'string' || typeof command !== 'object') return undefined;
  let call: ClientCall | undefined;
  const recordedError = (error: unknown) => {
    if (call?.recording) call.span.setAttributes(failureAttributes(sender, error));
    return client.withoutContent(error, errorSummary(error));
  };
  const model = startModelCall(tools, sender, command, options, recordedError);
  call =
    model === undefined
      ? client.startCall(tools, () => ({ ...describeCall(sender, command, options), recordedError }))
      : model.traced?.call;
  return call && { call, ...(model !== undefined && { deliver: model.deliver }) };
}

/**
 * A result has at most one stream: a body, or an iterable of events. The call ends with it, but for a web stream, whose
 * reader can't be observed.
 */
function followStream(call: ClientCall, output: unknown): void {
  if (typeof output !== 'object' || output === null) return;
  for (const value of Object.values(output) as unknown[]) {
    if (value instanceof Readable) client.traceReadable(call, value);
    else if (isEventStream(value)) client.traceStream(call, value);
    else continue;
    return;
  }
}

function isEventStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof ReadableStream) return false;
  return Symbol.asyncIterator in value;
}
