import { dress, type LayerRun, startLayer, withoutQuery } from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import {
  type Dispatch,
  type DispatchError,
  type ExpressLayer,
  type ExpressModule,
  type ExpressRequest,
  type Handle,
  isFailure,
  isHandler,
  type LayerClass,
  type Next,
  type Path,
  type Register,
  takes,
} from './express.ts';
import type { ExpressTools } from './express-instrumentation.ts';
import { dispatchWatched } from './handler-promise.ts';
import { viewOf } from './layer-view.ts';
import { pathTeller } from './matched-path.ts';
import { setVisit, Visit, visitOf } from './visit.ts';

/** What layers are mounted at, where it is not the root: Express keeps only the expression made of it. */
const mounts = new WeakMap<ExpressLayer, Path>();

/** The main export is enough: a router of our own shows the classes that Express keeps inside. */
export function patchExpress(moduleExports: unknown, tools: ExpressTools): void {
  const { Router } = moduleExports as ExpressModule;
  const probe = Router();
  probe.use(() => {});
  const { constructor: Layer } = probe.stack[0] as unknown as { constructor: LayerClass };
  const routers = Object.hasOwn(Router, 'use') ? Router : Router.prototype;

  tools.wrap(routers, 'use', rememberMounts);
  tools.wrap(routers, 'param', matchBeforeParam);
  tools.wrap(routers, 'handle', (handle: Handle) => visitRouter(handle));
  const [request, error] =
    'handleRequest' in Layer.prototype
      ? ['handleRequest', 'handleError']
      : ['handle_request', 'handle_error'];
  tools.wrap(Layer.prototype, request, (dispatch: Dispatch) => dispatchLayer(tools, Layer, dispatch));
  tools.wrap(Layer.prototype, error, (dispatch: DispatchError) => dispatchError(tools, dispatch));
}

function rememberMounts(use: Register): Register {
  return function (...args) {
    const before = this.stack.length;
    const result = use.apply(this, args);
    let [first] = args;
    while (Array.isArray(first) && first.length > 0) first = first[0];
    const [path] = args;
    if (typeof first !== 'function' && path !== '/') {
      for (const layer of this.stack.slice(before)) mounts.set(layer, path as Path);
    }
    return result;
  };
}

/** Express calls these before the route's layer, and they may answer or fail. */
function matchBeforeParam(param: Register): Register {
  return function (name, callback, ...rest) {
    if (typeof callback !== 'function') return param.call(this, name, callback, ...rest);
    const matching = function (this: unknown, request: ExpressRequest, ...others: unknown[]) {
      const visit = visitOf(request);
      if (visit === undefined) return callback.call(this, request, ...others);
      if (visit.isOn(request.route) && takes(request.route, request))
        visit.matchPath(String(request.route.path));
      return visit.goOn(() => callback.call(this, request, ...others));
    };
    return param.call(this, name, dress(matching, callback as () => unknown), ...rest);
  };
}

/** The outermost router begins the visit, and sees the errors that no handler has taken. */
function visitRouter(handle: Handle): Handle {
  return function (request, response, out) {
    // Without a response, nothing decides.
    if (typeof out !== 'function' || !response) return handle.call(this, request, response, out);
    const outer = visitOf(request);
    // Whoever is called at the end of a router: Express with the next layer, or the program.
    if (outer !== undefined)
      return handle.call(this, request, response, (error) => outer.goOn(() => out(error)));
    const visit = new Visit(request, response);
    setVisit(request, visit);
    return handle.call(this, request, response, (error) => {
      setVisit(request, undefined);
      if (isFailure(error)) visit.fail(error);
      else visit.leave();
      visit.goOn(() => out(error));
    });
  };
}

function dispatchLayer(tools: ExpressTools, Layer: LayerClass, dispatch: Dispatch): Dispatch {
  const tellRoute = pathTeller(Layer, true);
  const tellMount = pathTeller(Layer, false);

  return function (request, response, next) {
    const { route } = this;
    if (route !== undefined && !takes(route, request)) return dispatch.call(this, request, response, next);
    const mount = route === undefined ? mounts.get(this) : undefined;
    // A function of four arguments handles errors only; Express passes it over here.
    const idle =
      this.handle.length > 3 ||
      (route === undefined &&
        mount === undefined &&
        tools.options.layers === 'none' &&
        !isLaterHandler(this, request));
    const visit = idle ? undefined : visitOf(request);
    if (visit === undefined) return dispatch.call(this, request, response, next);
    if (route !== undefined) {
      visit.matchPath(tellRoute(route.path, () => withoutQuery(request.url)));
      return dispatch.call(this, request, response, (error) => {
        if (isFailure(error)) visit.fail(error);
        else visit.leave(route);
        next(error);
      });
    }
    let leave: Leave | undefined;
    if (mount !== undefined) {
      const before = visit.mount;
      visit.enterMount(
        tellMount(mount, () => request.baseUrl.slice(before.url.length) || '/'),
        request.baseUrl,
      );
      leave = (error) => {
        visit.mount = before;
        if (!isFailure(error)) visit.leave();
      };
    }
    return runLayer({ tools, layer: this, visit, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, request, response, passOn),
    );
  };
}

/** Called on every layer while an error is on its way; only functions of four arguments handle it. */
function dispatchError(tools: ExpressTools, dispatch: DispatchError): DispatchError {
  return function (error, request, response, next) {
    const visit = visitOf(request);
    visit?.fail(error);
    if (visit === undefined || this.handle.length !== 4) {
      return dispatch.call(this, error, request, response, next);
    }
    const leave: Leave = (passed) => {
      if (isFailure(passed)) return;
      visit.recover();
      if (!isHandler(this)) visit.leave();
    };
    return runLayer({ tools, layer: this, visit, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, error, request, response, passOn),
    );
  };
}

/** What to do when a layer passes the request on, before the next one has it. */
type Leave = (error: unknown) => void;

interface LayerCall {
  readonly tools: ExpressTools;
  readonly layer: ExpressLayer;
  readonly visit: Visit;
  readonly request: ExpressRequest;
  readonly next: Next;
  readonly leave: Leave | undefined;
}

/** Calls a layer as a span, if it is to be one: until it calls `next`, or until its promise and the response are done. */
function runLayer(
  { tools, layer, visit, request, next, leave }: LayerCall,
  dispatch: (layer: ExpressLayer, next: Next) => unknown,
): unknown {
  // With `leave`, the visit has looked.
  if (leave === undefined) visit.findServerRequest();
  const run = begin(tools, layer, visit, request);
  if (run === undefined) {
    const passOn = leave === undefined ? next : nextAfter(leave, next, request);
    return visit.goOn(() => dispatch(layer, passOn));
  }
  visit.hasGoneOn();
  const passOn = nextAfter(
    (error) => {
      if (isFailure(error)) run.fail(error);
      run.end();
      visit.findServerRequest();
      visit.follow(run.following());
      leave?.(error);
    },
    next,
    request,
  );
  const promise = run.inside(() => dispatchWatched(layer, (watched) => dispatch(watched, passOn)));
  if (!run.ended) visit.endWithResponse(run, promise);
  return undefined;
}

/** A `next` for one layer. Express has its own in `request.next` as well, where `response.format()` finds it. */
function nextAfter(leave: Leave, next: Next, request: ExpressRequest): Next {
  const isShared = request.next === next;
  const passOn: Next = (error) => {
    if (isShared) request.next = next;
    leave(error);
    return next(error);
  };
  if (isShared) request.next = passOn;
  return passOn;
}

function begin(
  tools: ExpressTools,
  layer: ExpressLayer,
  visit: Visit,
  request: ExpressRequest,
): LayerRun | undefined {
  const { options } = tools;
  if (options.layers === 'none') return undefined;
  const view = viewOf(layer, visit.matched, options);
  if (view.ignored) return undefined;
  const { spanNameHook, requestHook } = options;
  if (spanNameHook === undefined && requestHook === undefined)
    return startLayer(tools, view, undefined, visit.onward);
  const info = { request, route: visit.matched ?? '/', layerType: view.type };
  const onSpan = (span: Span) => {
    tools.callHook(
      spanNameHook && ((named) => named.updateName(spanNameHook(info, view.name) ?? view.name)),
      span,
      info,
    );
    tools.callHook(requestHook, span, info);
  };
  return startLayer(tools, view, onSpan, visit.onward);
}

/** Whether other handlers of the route have run before: they may have made a server request of their own. */
function isLaterHandler(layer: ExpressLayer, { route }: ExpressRequest): boolean {
  return isHandler(layer) && route !== undefined && route.stack[0] !== layer;
}
