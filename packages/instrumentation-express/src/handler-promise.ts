import { dress, isPromise } from '@clew/core/plugin';
import type { ExpressLayer } from './express.ts';

interface Watched {
  readonly handle: ExpressLayer['handle'];
  readonly layer: ExpressLayer;
}

/** Stand-ins of layers, whose handlers store here what they return. */
const watched = new WeakMap<ExpressLayer, Watched>();
let returned: unknown;

/**
 * Dispatches a layer and returns the promise of its handler if Express waits for it. Express 5 does, but does not return
 * it. Express 4 ignores the promise, and so must the plugin: a listener would mark its rejection as handled.
 */
export function dispatchWatched(
  layer: ExpressLayer,
  dispatch: (layer: ExpressLayer) => unknown,
): Promise<unknown> | undefined {
  if (!('handleRequest' in layer)) {
    dispatch(layer);
    return undefined;
  }
  returned = undefined;
  dispatch(standInOf(layer));
  const promise = returned;
  returned = undefined;
  return isPromise(promise) ? promise : undefined;
}

function standInOf(layer: ExpressLayer): ExpressLayer {
  const { handle } = layer;
  const known = watched.get(layer);
  if (known?.handle === handle) return known.layer;
  const watching = function (this: unknown, ...args: never[]) {
    returned = handle.apply(this, args);
    return returned;
  };
  const standIn: ExpressLayer = Object.create(layer, { handle: { value: dress(watching, handle) } });
  watched.set(layer, { handle, layer: standIn });
  return standIn;
}
