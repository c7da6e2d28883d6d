import type { ServerResponse } from 'node:http';
import { joinRoute, type LayerRun, type ServerRequest } from '@clew/core';
import { type Context, context } from '@opentelemetry/api';
import type { ExpressRequest, ExpressRoute } from './express.ts';

/** Where the routers that a request is in are mounted. */
interface Mount {
  /** Their patterns, `/shops/:shop`; empty at the top. */
  readonly pattern: string;
  /** What the patterns matched, `/shops/7`. */
  readonly url: string;
}

/** The way of one request through the routers: its mount, its route, the layers that wait for its answer. */
export class Visit {
  mount: Mount;
  readonly #served: ServerRequest | undefined;
  readonly #open: LayerRun[] = [];
  #route: string | undefined;
  #onward: Context | undefined;
  #left: ExpressRoute | undefined;

  constructor(served: ServerRequest | undefined, url: string) {
    this.#served = served;
    this.mount = { pattern: '', url };
  }

  /** What is matched so far: the route, or the mount as long as there is none. */
  get route(): string | undefined {
    return this.#route;
  }

  match(path: string): void {
    this.#setRoute(joinRoute(this.mount.pattern, path));
  }

  enter(path: string, url: string): void {
    this.mount = { pattern: joinRoute(this.mount.pattern, path), url };
    this.#setRoute(this.mount.pattern);
  }

  /** The route has passed the request on: what answers now is another one, or the mount around it. */
  fallThrough(route?: ExpressRoute): void {
    if (route !== undefined) this.#left = route;
    this.#setRoute(this.mount.pattern === '' ? undefined : this.mount.pattern);
  }

  /** Whether the request is on this route, which Express does not take off a request that falls through. */
  isOn(route: ExpressRoute | undefined): route is ExpressRoute {
    return route !== undefined && route !== this.#left;
  }

  /** The first error is the cause; later ones are what became of it. */
  fail(error: unknown): void {
    if (this.#served !== undefined) this.#served.error ??= error;
  }

  recover(): void {
    if (this.#served !== undefined) this.#served.error = undefined;
  }

  /**
   * A layer has passed the request on: what the program runs next, runs in this context. To make it current at once
   * would be for nothing where the next layer is a span, too.
   */
  passOn(onward: Context): void {
    this.#onward = onward;
  }

  /** The context of what comes next, where it is not the current one. */
  get onward(): Context | undefined {
    return this.#onward;
  }

  /** Calls what comes next. */
  goOn<T>(call: () => T): T {
    const onward = this.#onward;
    this.#onward = undefined;
    return onward === undefined ? call() : context.with(onward, call);
  }

  /** What comes next has its own context. */
  hasGoneOn(): void {
    this.#onward = undefined;
  }

  /** Ends a layer that has not called `next` with the answer: one listener a response, before the SERVER span's. */
  endWithAnswer(run: LayerRun, response: ServerResponse): void {
    if (response.writableEnded || response.destroyed) {
      run.end();
      return;
    }
    if (this.#open.push(run) > 1) return;
    response.prependOnceListener('close', () => {
      for (const open of this.#open.reverse()) open.end();
    });
  }

  #setRoute(route: string | undefined): void {
    this.#route = route;
    if (this.#served !== undefined) this.#served.route = route;
  }
}

const VISIT = Symbol('clew.express-visit');

/** The visit that a request is on; none while it is in no router. */
export function visitOf(request: ExpressRequest): Visit | undefined {
  return (request as Visiting)[VISIT];
}

// A property, not a WeakMap: with an entry a request, collecting garbage costs more than all of the plugin does.
export function setVisit(request: ExpressRequest, visit: Visit | undefined): void {
  (request as Visiting)[VISIT] = visit;
}

type Visiting = ExpressRequest & { [VISIT]?: Visit | undefined };
