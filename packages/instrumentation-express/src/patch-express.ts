import type { ServerResponse } from 'node:http';
import { beginLayer, currentContext, dress, type LayerRun, serverRequestOf } from '@clew/core';
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
} from './express.ts';
import type { ExpressTools } from './express-instrumentation.ts';
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
  tools.wrap(routers, 'handle', (handle: Handle) => visitRouter(tools, handle));
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
      if (visit.isOn(request.route)) visit.match(String(request.route.path));
      return visit.goOn(() => callback.call(this, request, ...others));
    };
    return param.call(this, name, dress(matching, callback as () => unknown), ...rest);
  };
}

/** The outermost router begins the visit, and sees the errors that no handler has taken. */
function visitRouter(tools: ExpressTools, handle: Handle): Handle {
  return function (request, response, out) {
    if (typeof out !== 'function') return handle.call(this, request, response, out);
    const outer = visitOf(request);
    const served = outer === undefined ? serverRequestOf(currentContext()) : undefined;
    if (served === undefined && tools.options.layers === 'none')
      return handle.call(this, request, response, out);
    // Whoever is called at the end of a router: Express with the next layer, or the program.
    if (outer !== undefined)
      return handle.call(this, request, response, (error) => outer.goOn(() => out(error)));
    const visit = new Visit(served, request.baseUrl ?? '');
    setVisit(request, visit);
    return handle.call(this, request, response, (error) => {
      setVisit(request, undefined);
      if (isFailure(error)) visit.fail(error);
      else visit.fallThrough();
      visit.goOn(() => out(error));
    });
  };
}

function dispatchLayer(tools: ExpressTools, Layer: LayerClass, dispatch: Dispatch): Dispatch {
  const tellRoute = pathTeller(Layer, true);
  const tellMount = pathTeller(Layer, false);

  return function (request, response, next) {
    const { route } = this;
    const mount = route === undefined ? mounts.get(this) : undefined;
    // A function of four arguments handles errors only; Express passes it over here.
    const idle =
      this.handle.length > 3 ||
      (route === undefined && mount === undefined && tools.options.layers === 'none');
    const visit = idle ? undefined : visitOf(request);
    if (visit === undefined) return dispatch.call(this, request, response, next);
    if (route !== undefined) {
      visit.match(tellRoute(route.path, () => pathOf(request)));
      return dispatch.call(this, request, response, (error) => {
        if (isFailure(error)) visit.fail(error);
        else visit.fallThrough(route);
        next(error);
      });
    }
    let onward = next;
    if (mount !== undefined) {
      const before = visit.mount;
      visit.enter(
        tellMount(mount, () => request.baseUrl.slice(before.url.length) || '/'),
        request.baseUrl,
      );
      onward = (error) => {
        visit.mount = before;
        if (!isFailure(error)) visit.fallThrough();
        next(error);
      };
    }
    return runLayer(tools, this, visit, request, response, onward, (passOn) =>
      dispatch.call(this, request, response, passOn),
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
    const onward: Next = (passed) => {
      if (!isFailure(passed)) {
        visit.recover();
        if (!isHandler(this)) visit.fallThrough();
      }
      next(passed);
    };
    return runLayer(tools, this, visit, request, response, onward, (passOn) =>
      dispatch.call(this, error, request, response, passOn),
    );
  };
}

/** Calls a layer as a span, if it is to be one: until it calls `next`, or until the answer. */
function runLayer(
  tools: ExpressTools,
  layer: ExpressLayer,
  visit: Visit,
  request: ExpressRequest,
  response: ServerResponse,
  next: Next,
  call: (next: Next) => unknown,
): unknown {
  const run = begin(tools, layer, visit, request);
  if (run === undefined) return visit.goOn(() => call(next));
  visit.hasGoneOn();
  const result = run.inside(() =>
    call((error) => {
      if (isFailure(error)) run.fail(error);
      run.end();
      visit.passOn(run.following());
      return next(error);
    }),
  );
  if (!run.ended) visit.endWithAnswer(run, response);
  return result;
}

function begin(
  tools: ExpressTools,
  layer: ExpressLayer,
  visit: Visit,
  request: ExpressRequest,
): LayerRun | undefined {
  const { options } = tools;
  if (options.layers === 'none') return undefined;
  const view = viewOf(layer, visit.route, options);
  if (view.ignored) return undefined;
  const { spanNameHook, requestHook } = options;
  if (spanNameHook === undefined && requestHook === undefined)
    return beginLayer(tools, view, undefined, visit.onward);
  const info = { request, route: visit.route ?? '/', layerType: view.type };
  const onSpan = (span: Span) => {
    tools.callHook(
      spanNameHook && ((named) => named.updateName(spanNameHook(info, view.name) ?? view.name)),
      span,
      info,
    );
    tools.callHook(requestHook, span, info);
  };
  return beginLayer(tools, view, onSpan, visit.onward);
}

function pathOf({ url }: ExpressRequest): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}
