import {
  ATTR,
  createLayer,
  joinRoute,
  type LayerRun,
  RoutedRequest,
  remembered,
  reportFailure,
  startLayer,
  type Tools,
} from '@clew/core/plugin';
import type { FastifyReply, FastifyRequest, HandlerCall, Initialization, StreamBody } from './fastify.ts';
import type { FastifyOptions } from './fastify-instrumentation.ts';

type FastifyTools = Tools<FastifyOptions>;

const ROUTED = Symbol('clew.routed-request');

type RoutedFastifyRequest = FastifyRequest & { [ROUTED]?: RoutedRequest };

/** The tools in force: an application keeps its hooks for life, and they do nothing while the plugin is off. */
let inForce: FastifyTools | undefined;

export function watchApplications(tools: FastifyTools): void {
  inForce = tools;
  tools.onDisable(() => {
    inForce = undefined;
  });
  tools.subscribe('fastify.initialization', (message) => {
    const { fastify } = message as Initialization;
    watchHandlers(tools);
    // The first hooks of an application: they also see requests that its other hooks respond to.
    fastify.addHook('onRequest', (request, reply, done) => {
      if (inForce !== undefined) takeRequest(request, reply);
      done();
    });
    fastify.addHook('onError', (request, _reply, error, done) => {
      routedOf(request)?.fail(error);
      done();
    });
    fastify.addHook('onSend', (request, _reply, body, done) => {
      const routed = routedOf(request);
      if (routed !== undefined) sendBody(request, routed, body);
      done();
    });
  });
}

/** Fastify 5 publishes the calls of handlers. A listener costs every request, so there is one only where layers are asked for. */
export function watchHandlers(tools: FastifyTools): void {
  if (tools.options.layers === 'none') return;
  tools.traceChannel<HandlerCall, LayerRun>('fastify.request.handler', {
    start({ request, route: { url } }) {
      const run = startLayer(tools, layerOf(url), { request, route: url });
      const routed = routedOf(request);
      // A handler that takes the response over, or sends it from a callback, is done when that closes.
      if (run !== undefined) routed?.endWithResponse(run);
      return run;
    },
    isOver: (call) => !call.async && (call.reply.sent || call.error !== undefined),
  });
}

const layerOf = remembered((route: string) =>
  createLayer(`request handler - ${route}`, { 'fastify.type': 'request_handler', [ATTR.httpRoute]: route }),
);

// No closures in these two: they run for every request.
function takeRequest(request: RoutedFastifyRequest, { raw }: FastifyReply): void {
  try {
    const routed = new RoutedRequest(raw);
    request[ROUTED] = routed;
    const { routeOptions } = request;
    const route = routeOptions === undefined ? request.routerPath : routeOptions.url;
    if (route !== undefined) routed.match(joinRoute('', route));
  } catch (fault) {
    reportFailure('taking a request of Fastify', fault);
  }
}

/** Since the match, a framework inside a hook may have set the route, or the handler has called `callNotFound`. */
function sendBody(request: FastifyRequest, routed: RoutedRequest, body: unknown): void {
  try {
    const { route } = routed;
    if (request.is404) routed.enter(undefined);
    else if (route !== undefined) routed.match(route);
    if (isStream(body)) routed.failWith(body);
  } catch (fault) {
    reportFailure('sending a response of Fastify', fault);
  }
}

function routedOf(request: RoutedFastifyRequest): RoutedRequest | undefined {
  return inForce === undefined ? undefined : request[ROUTED];
}

function isStream(body: unknown): body is StreamBody {
  return typeof body === 'object' && body !== null && 'pipe' in body && 'on' in body;
}
