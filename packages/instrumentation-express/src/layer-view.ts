import { ATTR, createLayer, type Layer, matchesAny, type Pattern } from '@clew/core/plugin';
import { type ExpressLayer, isHandler } from './express.ts';

export type LayerType = 'router' | 'middleware' | 'request_handler';

/** A layer as its spans show it. */
export interface LayerView extends Layer {
  readonly type: LayerType;
  readonly ignored: boolean;
}

/** Which layers have no span. */
export interface Ignoring {
  readonly ignoreLayers: readonly Pattern[];
  readonly ignoreLayersType: readonly LayerType[];
}

interface Known {
  readonly route: string | undefined;
  readonly ignoring: Ignoring;
  readonly view: LayerView;
}

/** The last view of each layer: a layer nearly always belongs to the same route. */
const known = new WeakMap<ExpressLayer, Known>();

/** Returns a layer's name, type and attributes. `route` is the pattern matched so far. */
export function viewOf(layer: ExpressLayer, route: string | undefined, ignoring: Ignoring): LayerView {
  const last = known.get(layer);
  if (last !== undefined && last.route === route && last.ignoring === ignoring) return last.view;
  const type = typeOf(layer);
  const label = type === 'middleware' ? layer.name : (route ?? '/');
  const name = `${type === 'request_handler' ? 'request handler' : type} - ${label}`;
  const ignored = ignoring.ignoreLayersType.includes(type) || matchesAny(ignoring.ignoreLayers, name);
  const attributes = {
    'express.name': label,
    'express.type': type,
    ...(route !== undefined && { [ATTR.httpRoute]: route }),
  };
  const view = { ...createLayer(name, attributes), type, ignored };
  known.set(layer, { route, ignoring, view });
  return view;
}

function typeOf(layer: ExpressLayer): LayerType {
  if (isHandler(layer)) return 'request_handler';
  const { handle } = layer;
  return Array.isArray(handle.stack) || handle.name === 'mounted_app' ? 'router' : 'middleware';
}
