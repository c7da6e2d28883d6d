import type { EventEmitter } from 'node:events';
import type { FrameworkResponse, RoutedRequest } from '@clew/core/plugin';

/** What the plugin uses of hapi 20 and 21. */
export interface HapiModule {
  server(): { readonly _core: HapiCore };
}

interface HapiCore {
  /** Each server has a class of its own, derived from the one that all servers share. */
  readonly Request: { readonly prototype: object };
  /** Calls handlers and extensions. */
  readonly toolkit: object;
}

export const ROUTED = Symbol('clew.routed-request');

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
  [ROUTED]?: RoutedRequest;
}

/** A response that is an error has `isBoom`; the source of a stream is the stream. */
export interface HapiResponse {
  readonly isBoom?: boolean;
  readonly variety?: string;
  readonly source?: EventEmitter;
}

/** What hapi calls a function of the application with. */
export interface CallOptions {
  /** The extension point, `onPreHandler`; missing for handlers. */
  readonly name?: string;
}

export type LifecycleMethod = { readonly name: string };
export type Execute = (this: HapiRequest) => Promise<void>;
export type Lookup = (this: HapiRequest) => void;
export type SetResponse = (this: HapiRequest, response: HapiResponse) => void;
export type Call = (
  this: object,
  method: LifecycleMethod,
  request: HapiRequest,
  options: CallOptions,
) => Promise<unknown>;
