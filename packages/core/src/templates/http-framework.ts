import { type Attributes, type Context, trace } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { matchesAny } from '../kit/options.ts';
import { remembered } from '../kit/remembered.ts';
import { currentContext } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import {
  type FrameworkOptionKinds,
  type FrameworkOptions,
  type FrameworkTools,
  frameworkOptions,
  type LayerInfo,
} from './framework-options.ts';
import { createLayer, type Layer, type LayerRun, settleLayer, startLayer } from './layer.ts';
import type { RoutedRequest } from './routed-request.ts';

/** How the layers of a framework appear in traces. */
export interface FrameworkView<Info extends LayerInfo> {
  /** The framework's name, which is the prefix of its attributes: `koa`. */
  readonly name: string;
  /** The kinds of layers that the framework has. */
  readonly layerTypes: readonly Info['layerType'][];
  /**
   * Returns the attributes of a layer, other than `<framework>.type`. It is called once for each combination of
   * arguments; see `startLayer`. Default: `<framework>.name` with the name, and `http.route` with the place.
   */
  attributes?(layerType: Info['layerType'], name: string, place: string | undefined): Attributes;
}

/** The property of a framework's request object that holds the routed request. */
const ROUTED_REQUEST = Symbol('clew.routed-request');

interface RequestObject {
  [ROUTED_REQUEST]?: RoutedRequest | undefined;
}

/**
 * What the targets of a framework's plugin share: the options, the routed request of each request object, and the layers.
 * Call `enable` where the plugin patches the framework. While the plugin is disabled, no request is found and no layer
 * starts, so that functions which the framework has kept do nothing.
 *
 * @example
 * const koa = new HttpFramework<KoaLayerInfo>({ name: 'koa', layerTypes: ['router', 'middleware'] });
 */
export class HttpFramework<Info extends LayerInfo, Routed extends RoutedRequest = RoutedRequest> {
  /** For `defineInstrumentation`. */
  readonly options: FrameworkOptionKinds<Info>;
  readonly #layerOf: (options: FrameworkOptions<Info>) => LayerByNames;
  #tools: FrameworkTools<Info> | undefined;

  constructor(view: FrameworkView<Info>) {
    this.options = frameworkOptions(view.layerTypes);
    this.#layerOf = remembered((options) => layersOf(view, options));
  }

  /** The tools of the plugin; `undefined` while it is disabled. */
  get tools(): FrameworkTools<Info> | undefined {
    return this.#tools;
  }

  /** Uses these tools until `disable()` of the plugin. */
  enable(tools: FrameworkTools<Info>): void {
    if (this.#tools === tools) return;
    this.#tools = tools;
    tools.onDisable(() => {
      if (this.#tools === tools) this.#tools = undefined;
    });
  }

  /** Keeps the routed request of the framework's request object, and returns it. */
  take(request: object, routed: Routed): Routed | undefined {
    if (this.#tools === undefined) return undefined;
    // A property, not a WeakMap: with an entry for each request, garbage collection would cost more than the whole plugin.
    (request as RequestObject)[ROUTED_REQUEST] = routed;
    return routed;
  }

  /** The routed request of a request object; `undefined` for any other value. */
  of(request: unknown): Routed | undefined {
    if (this.#tools === undefined) return undefined;
    return (request as RequestObject | null | undefined)?.[ROUTED_REQUEST] as Routed | undefined;
  }

  /** The framework has passed the request back to the application. */
  release(request: object): void {
    (request as RequestObject)[ROUTED_REQUEST] = undefined;
  }

  /** Whether the options ask for spans of layers. */
  get hasLayers(): boolean {
    return this.#tools !== undefined && this.#tools.options.layers !== 'none';
  }

  /** Whether a layer of this kind may have a span here. If not, nothing needs to be read for `startLayer`. */
  traces(layerType: Info['layerType'], around: Context = currentContext()): boolean {
    if (this.#tools === undefined) return false;
    const { layers, ignoreLayersType } = this.#tools.options;
    if (layers === 'none' || ignoreLayersType.includes(layerType)) return false;
    return trace.getSpan(around)?.isRecording() === true;
  }

  /**
   * Starts a layer as the options say. `undefined` means that it has no span and is called as if untraced. Its span is
   * named `<type> - <name>`. `place` is the route that the layer belongs to, or what else `attributes` of the view uses.
   * `around` is the context around the layer, where that is not the current one.
   */
  startLayer(
    name: string,
    place: string | undefined,
    info: Info,
    around: Context = currentContext(),
  ): LayerRun | undefined {
    if (this.#tools === undefined || !this.traces(info.layerType, around)) return undefined;
    const layer = this.#layerOf(this.#tools.options)(info.layerType)(name)(place);
    return layer === undefined ? undefined : startLayer(this.#tools, layer, info, around);
  }

  /** Calls a layer that is done when its promise settles. The arguments are those of `startLayer` and `settleLayer`. */
  settleLayer<T>(
    name: string,
    place: string | undefined,
    info: Info,
    call: () => T,
    failureIn?: (value: unknown) => unknown,
  ): T {
    const run = this.startLayer(name, place, info);
    return run === undefined ? call() : settleLayer(run, call, failureIn);
  }
}

type LayerByNames = (layerType: string) => (name: string) => (place: string | undefined) => Layer | undefined;

/** Returns the layers of a framework, `undefined` for those that the options ignore. */
function layersOf<Info extends LayerInfo>(
  { name: framework, attributes = nameAndRoute(framework) }: FrameworkView<Info>,
  { ignoreLayers }: FrameworkOptions<Info>,
): LayerByNames {
  return remembered((layerType: string) =>
    remembered((name: string) => {
      const spanName = `${layerType.replace('_', ' ')} - ${name}`;
      const isIgnored = guard('matching ignoreLayers', () => matchesAny(ignoreLayers, spanName)) === true;
      return remembered((place: string | undefined) =>
        isIgnored
          ? undefined
          : createLayer(spanName, {
              [`${framework}.type`]: layerType,
              ...attributes(layerType, name, place),
            }),
      );
    }),
  );
}

function nameAndRoute(framework: string) {
  return (_layerType: string, name: string, route: string | undefined): Attributes => ({
    [`${framework}.name`]: name,
    ...(route !== undefined && { [ATTR.httpRoute]: route }),
  });
}
