import {
  defineInstrumentation,
  type FrameworkTools,
  http,
  type LayerRun,
  reportFailure,
} from '@clew/core/plugin';
import {
  type FastifyLayerInfo,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type HandlerCall,
  type Initialization,
} from './fastify.ts';

declare const __VERSION__: string;

/**
 * Traces Fastify 4 and 5: the route and the error of the SERVER span, and the handlers of Fastify 5 as spans on
 * request.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new FastifyInstrumentation({ layers: 'slow' })] });
 */
export const FastifyInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-fastify',
  version: __VERSION__,
  options: fastify.options,
  targets: [
    { channel: 'fastify.initialization', watch: watchApplications },
    { channel: 'fastify.request.handler', tracing: true, watch: watchHandlers },
  ],
});

export type FastifyInstrumentation = InstanceType<typeof FastifyInstrumentation>;

/** An application keeps its hooks for life. They do nothing while the plugin is disabled. */
function watchApplications(tools: FrameworkTools<FastifyLayerInfo>): void {
  fastify.enable(tools);
  tools.subscribe('fastify.initialization', (message) => {
    const application = (message as Initialization).fastify;
    watchHandlers(tools);
    // The first hooks of an application: they also see requests that its other hooks respond to.
    application.addHook('onRequest', (request, reply, done) => {
      takeRequest(request, reply);
      done();
    });
    application.addHook('onError', (request, _reply, error, done) => {
      fastify.of(request)?.fail(error);
      done();
    });
    application.addHook('onSend', (request, _reply, body, done) => {
      sendBody(request, body);
      done();
    });
  });
}

/** Fastify 5 publishes the calls of handlers. A listener slows every request down, so there is one only if the option `layers` is on. */
function watchHandlers(tools: FrameworkTools<FastifyLayerInfo>): void {
  if (tools.options.layers === 'none') return;
  tools.traceChannel<HandlerCall, LayerRun>('fastify.request.handler', {
    start({ request, route: { url } }) {
      const run = fastify.startLayer(url, url, { request, route: url, layerType: 'request_handler' });
      // A handler that takes the response over, or sends it from a callback, is done when that closes.
      if (run !== undefined) fastify.of(request)?.endWithResponse(run);
      return run;
    },
    isOver: (call) => !call.async && (call.reply.sent || call.error !== undefined),
  });
}

// No closures in these two: they run for every request.
function takeRequest(request: FastifyRequest, { raw }: FastifyReply): void {
  try {
    if (fastify.tools === undefined) return;
    const { routeOptions } = request;
    const route = routeOptions === undefined ? request.routerPath : routeOptions.url;
    const routed = fastify.take(request, new http.RoutedRequest(raw));
    if (route !== undefined) routed?.match(http.joinRoute('', route));
  } catch (fault) {
    reportFailure('taking a request of Fastify', fault);
  }
}

/** Since the match, a framework inside a hook may have set the route, or the handler has called `callNotFound`. */
function sendBody(request: FastifyRequest, body: unknown): void {
  try {
    const routed = fastify.of(request);
    if (request.is404) routed?.enter(undefined);
    else if (routed?.route !== undefined) routed.match(routed.route);
    routed?.failWith(body);
  } catch (fault) {
    reportFailure('sending a response of Fastify', fault);
  }
}
