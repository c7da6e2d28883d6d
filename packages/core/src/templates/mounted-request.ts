import { type Context, context } from '@opentelemetry/api';
import type { FrameworkResponse } from './framework-response.ts';
import type { LayerRun } from './layer.ts';
import { joinRoute } from './route.ts';
import { RoutedRequest } from './routed-request.ts';

/** The routers that a request is inside of. */
export interface Mount {
  /** Their patterns, `/shops/:shop`; empty outside of all routers. */
  readonly pattern: string;
  /** The part of the path that the patterns matched, `/shops/7`. */
  readonly url: string;
}

/** Runs when a layer calls `next`, before the next layer has the request. `error` is `undefined` if there is none. */
export type Leave = (error: unknown) => void;

/**
 * A request in a framework whose layers call `next`, and whose routers may be mounted in each other.
 *
 * What runs after a layer is not inside its span. The context for it is kept here until application code runs in it:
 * the next layer with a span starts from it, so it is not made current in between.
 */
export class MountedRequest extends RoutedRequest {
  mount: Mount;
  /** The pattern matched so far, whatever responds: that of the route, or of the mount before there is a route. */
  matched: string | undefined;
  /** The context of what runs next, where that is not the current one. */
  private following: Context | undefined;
  private left: object | undefined;

  constructor(response: FrameworkResponse, url = '') {
    super(response);
    this.mount = { pattern: '', url };
  }

  /** A route takes the request. */
  matchPath(path: string): void {
    this.matched = joinRoute(this.mount.pattern, path);
    this.match(this.matched);
  }

  /** A router, or anything else that is mounted at a path, takes the request. Call what is returned when it leaves. */
  enterMount(path: string, url: string): Leave {
    const before = this.mount;
    this.matched = joinRoute(before.pattern, path);
    this.mount = { pattern: this.matched, url };
    this.enter(this.matched);
    return (error) => {
      this.mount = before;
      this.leave(error);
    };
  }

  /** `next` was called: with an error, or to pass the request on, to another route or to the surrounding mount. */
  leave(error?: unknown, route?: object): void {
    if (error !== undefined) {
      this.fail(error);
      return;
    }
    if (route !== undefined) this.left = route;
    this.matched = this.mount.pattern === '' ? undefined : this.mount.pattern;
    this.enter(this.matched);
  }

  /** Whether the request was passed on by this route, last of all routes. */
  hasLeft(route: object): boolean {
    return route === this.left;
  }

  /** The context around the next layer, where that is not the current one. */
  get around(): Context | undefined {
    return this.following;
  }

  /** Calls what runs next, in its context. */
  goOn<T>(call: () => T): T {
    const { following } = this;
    this.following = undefined;
    return following === undefined ? call() : context.with(following, call);
  }

  /**
   * Calls a layer, with a span if `run` is given. The span ends when the layer calls `next`; otherwise when the response
   * closes, but not before the promise that `call` returns has settled. `call` receives what the layer's `next` does
   * first.
   */
  callLayer(
    run: LayerRun | undefined,
    leave: Leave | undefined,
    call: (leave: Leave | undefined) => Promise<unknown> | undefined,
  ): void {
    if (run === undefined) {
      this.goOn(() => call(leave));
      return;
    }
    this.following = undefined;
    const ending: Leave = (error) => {
      if (error !== undefined) run.fail(error);
      run.end();
      this.findServerRequest();
      this.following = run.following();
      leave?.(error);
    };
    const promise = run.inside(() => call(ending));
    if (!run.ended) this.endWithResponse(run, promise);
  }
}
