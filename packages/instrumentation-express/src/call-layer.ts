import { dress, isPromise, type Leave, type MountedRequest, perObject } from '@clew/core/plugin';
import { type ExpressLayer, type ExpressRequest, errorOf, express, type Next, typeOf } from './express.ts';

interface LayerCall {
  readonly layer: ExpressLayer;
  readonly routed: MountedRequest;
  readonly request: ExpressRequest;
  readonly next: Next;
  readonly leave: Leave | undefined;
}

/** Calls a layer, with a span if the options ask for one. */
export function callLayer(
  { layer, routed, request, next, leave }: LayerCall,
  dispatch: (layer: ExpressLayer, next: Next) => unknown,
): void {
  // A layer with `leave` has changed the route or the error, which looks for the server request already.
  if (leave === undefined) routed.findServerRequest();
  const run = startLayer(layer, routed, request);
  routed.callLayer(run, leave, (leaving) => {
    const passOn = leaving === undefined ? next : nextAfter(leaving, next, request);
    if (run !== undefined) return dispatchWatched(layer, (watched) => dispatch(watched, passOn));
    dispatch(layer, passOn);
    return undefined;
  });
}

function startLayer(layer: ExpressLayer, { matched, around }: MountedRequest, request: ExpressRequest) {
  if (!express.hasLayers) return undefined;
  const layerType = typeOf(layer);
  const route = matched ?? '/';
  const name = layerType === 'middleware' ? layer.name : route;
  return express.startLayer(name, matched, { request, route, layerType }, around);
}

/** The `next` of one layer. Express also stores its own in `request.next`, where `response.format()` finds it. */
export function nextAfter(leave: Leave, next: Next, request: ExpressRequest): Next {
  const isShared = request.next === next;
  const passOn: Next = (error) => {
    if (isShared) request.next = next;
    leave(errorOf(error));
    return next(error);
  };
  if (isShared) request.next = passOn;
  return passOn;
}

/** What the handler of the layer that was dispatched last has returned. */
let returned: unknown;

/** Stand-ins of layers. They store what their handler returns, because Express does not return it. */
const watchedLayer = perObject((layer: ExpressLayer): ExpressLayer => {
  const handle = function (this: unknown, ...args: never[]) {
    returned = layer.handle.apply(this, args);
    return returned;
  };
  return Object.create(layer, { handle: { value: dress(handle, layer.handle) } });
});

/**
 * Dispatches a layer and returns the promise of its handler if Express waits for it. Express 5 does. Express 4 ignores
 * the promise, and so must the plugin: a listener would mark its rejection as handled.
 */
function dispatchWatched(
  layer: ExpressLayer,
  dispatch: (layer: ExpressLayer) => unknown,
): Promise<unknown> | undefined {
  returned = undefined;
  dispatch('handleRequest' in layer ? watchedLayer(layer) : layer);
  const promise = returned;
  returned = undefined;
  return isPromise(promise) ? promise : undefined;
}
