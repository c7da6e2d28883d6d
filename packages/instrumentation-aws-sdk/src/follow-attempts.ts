import { ATTR, type ClientCall, client, guard } from '@clew/core/plugin';
import type { AwsTools } from './options.ts';
import type { HttpRequest, RequestHandler } from './sdk.ts';

type Handle = (this: RequestHandler, request: HttpRequest, ...more: unknown[]) => unknown;

/** The requests of a call. */
interface Attempts {
  readonly handler: RequestHandler;
  /** Of the last request. */
  host?: unknown;
  count: number;
}

const attempts = new WeakMap<ClientCall, Attempts>();

/** Notes each request that the handler of the client sends for a call: it is an attempt. */
export function followAttempts(tools: AwsTools, call: ClientCall, handler: RequestHandler | undefined): void {
  if (handler === undefined) return;
  attempts.set(call, { handler, count: 0 });
  patchHandler(tools, handler);
}

/** Patches the class of a handler, which may be one of the application. */
function patchHandler(tools: AwsTools, handler: RequestHandler): void {
  let owner: object | null = handler;
  while (owner !== null && !Object.hasOwn(owner, 'handle'))
    owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null) return;
  const found = owner;
  tools.once(found, () =>
    tools.wrap<Handle>(
      found,
      'handle',
      (handle) =>
        function (request, ...more) {
          guard(`${tools.name}: a request`, () => noteAttempt(this, request));
          return handle.call(this, request, ...more);
        },
    ),
  );
}

function noteAttempt(handler: RequestHandler, { hostname, port, protocol }: HttpRequest): void {
  const call = client.callOf();
  const sent = call && attempts.get(call);
  // Other handlers fetch credentials for the call.
  if (call === undefined || sent?.handler !== handler) return;
  if (sent.count++ > 0 && sent.host === hostname) {
    call.retry();
    return;
  }
  // S3 names the region of a bucket that is in another one; a retry goes to the same host.
  if (sent.count > 1 && call.recording) call.span.addEvent('redirect');
  sent.host = hostname;
  if (!call.recording || typeof hostname !== 'string') return;
  call.span.setAttributes({
    [ATTR.serverAddress]: hostname,
    [ATTR.serverPort]: typeof port === 'number' ? port : protocol === 'http:' ? 80 : 443,
  });
}
