import { type Context, propagation } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { boundedWriter, headerBytes } from '../propagation/bounded-writer.ts';
import { withInjectionTarget } from '../propagation/carrier-kind.ts';
import { allowsAll } from '../propagation/destinations.ts';
import { injectFresh, removeInjected, removeInjectedBaggage } from '../propagation/inject.ts';
import { sendingBy } from '../propagation/propagation-defaults.ts';
import type { RequestAddress } from './http-address.ts';
import type { HttpClientOptions, HttpClientView } from './http-client-view.ts';
import { serverRequestOf } from './server-request.ts';

/** The limit of Node, nginx and others, including the request line. A larger header section is refused (431, 400). */
const MAX_HEADER_BYTES = 16_384;

/** The size of a trace context without a long trace state or baggage: for that, the request is not measured. */
const UNMEASURED_BYTES = 512;

function freeHeaderBytes<Request, Response>(
  view: HttpClientView<Request, Response>,
  request: Request,
): number {
  let bytes = headerBytes(view.method(request), view.target(request));
  for (const name of view.requestHeaderNames(request))
    bytes += headerBytes(name, String(view.requestHeader(request, name.toLowerCase())));
  return MAX_HEADER_BYTES - bytes;
}

/** Creates the injection of an HTTP client: trace context and baggage, each if the options allow it for all destinations. */
export function httpInjector<Request, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
): (context: Context, request: Request, address: RequestAddress) => void {
  const availableBytes = (request: Request) => freeHeaderBytes(view, request);
  const writer = boundedWriter<Request>(
    {
      set: (request, name, value) => view.setHeader(request, name, value),
      has: (request, name) => view.requestHeader(request, name.toLowerCase()) !== undefined,
      remove: (request, name) => view.removeHeader(request, name),
      names: (request) => view.requestHeaderNames(request),
    },
    { name: tools.name, availableBytes, unmeasuredBytes: UNMEASURED_BYTES },
  );
  const sendTo = sendingBy('sendTo');
  const sendBaggageTo = sendingBy('sendBaggageTo');
  return (context, request, { destinations }) => {
    guard(`${tools.name}: injecting`, () => {
      const servedHost = serverRequestOf(context)?.host;
      const allows = sendTo(tools.options.propagateTo);
      if (!destinations.every((host) => allows(host, servedHost))) return;
      const allowsBaggage = sendBaggageTo(tools.options.propagateBaggageTo);
      const withBaggage = destinations.every((host) => allowsBaggage(host, servedHost));
      const outgoing = withBaggage ? context : propagation.deleteBaggage(context);
      const target = { kind: 'request', host: destinations[0] } as const;
      injectFresh(withInjectionTarget(outgoing, target), request, writer);
      if (allows === allowsAll && allowsBaggage === allowsAll) return;
      view.onOtherHost?.(request, (host) => {
        guard(`${tools.name}: removing injected headers`, () => {
          if (!allows(host, servedHost)) removeInjected(request, writer);
          else if (!allowsBaggage(host, servedHost)) removeInjectedBaggage(request, writer);
        });
      });
    });
  };
}
