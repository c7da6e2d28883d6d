import { ATTR, type FrameworkResponse, http } from '@clew/core/plugin';

/** What the hooks receive about a handler or an extension. */
export interface HapiLayerInfo {
  readonly request: HapiRequest;
  readonly layerType: 'handler' | 'extension';
}

export const hapi = new http.Framework<HapiLayerInfo>({
  name: 'hapi',
  layerTypes: ['handler', 'extension'],
  attributes: (layerType, _name, place) => ({
    [layerType === 'handler' ? ATTR.httpRoute : 'hapi.extension_point']: place,
  }),
});

/** What the plugin uses of a request in hapi 20 and 21. */
export interface HapiRequest {
  readonly raw: { readonly res: FrameworkResponse };
  readonly route: {
    /** `_special` where no route matches. */
    readonly method: string;
    readonly path: string;
    readonly settings: { readonly handler?: unknown };
  };
  /** The response so far. */
  readonly response: unknown;
}

/** A response that is an error has `isBoom`. The source of a stream is the stream. */
export interface HapiResponse {
  readonly isBoom?: boolean;
  readonly source?: unknown;
}

/** The error in the value that a handler or an extension returned. */
export function errorIn(response: unknown): unknown {
  return (response as HapiResponse | null | undefined)?.isBoom === true ? response : undefined;
}
