import type { ServerResponse } from 'node:http';
import { joinRoute, RoutedRequest } from '@clew/core/plugin';
import { type Context, context } from '@opentelemetry/api';
import type { ExpressRequest, ExpressRoute } from './express.ts';

/** Where the routers that a request is in are mounted. */
interface Mount {
  /** Their patterns, `/shops/:shop`; empty at the top. */
  readonly pattern: string;
  /** What the patterns matched, `/shops/7`. */
  readonly url: string;
}

/** One request on its way through the routers: its mount, and the layers that last until its response. */
export class Visit extends RoutedRequest {
  mount: Mount;
  /** What is matched so far, whatever responds: the route, or the mount as long as there is none. */
  matched: string | undefined;
  private following: Context | undefined;
  private left: ExpressRoute | undefined;

  constructor(request: ExpressRequest, response: ServerResponse) {
    super(response);
    this.mount = { pattern: '', url: request.baseUrl ?? '' };
  }

  /** A route takes the request. */
  matchPath(path: string): void {
    this.matched = joinRoute(this.mount.pattern, path);
    this.match(this.matched);
  }

  /** What is mounted at a path takes the request. */
  enterMount(path: string, url: string): void {
    this.matched = joinRoute(this.mount.pattern, path);
    this.mount = { pattern: this.matched, url };
    this.enter(this.matched);
  }

  /** The request is passed on: what responds now is another route, or what is in the mount around. */
  leave(route?: ExpressRoute): void {
    if (route !== undefined) this.left = route;
    this.matched = this.mount.pattern === '' ? undefined : this.mount.pattern;
    this.enter(this.matched);
  }

  /** Whether the request is on this route, which Express does not take off a request that is passed on. */
  isOn(route: ExpressRoute | undefined): route is ExpressRoute {
    return route !== undefined && route !== this.left;
  }

  /**
   * A layer has passed the request on: what the application runs next runs in this context. It is not made current at
   * once, which would be for nothing where the next layer is a span, too.
   */
  follow(context: Context): void {
    this.following = context;
  }

  /** The context of what comes next, where it is not the current one. */
  get onward(): Context | undefined {
    return this.following;
  }

  /** Calls what comes next. */
  goOn<T>(call: () => T): T {
    const { following } = this;
    this.following = undefined;
    return following === undefined ? call() : context.with(following, call);
  }

  /** What comes next has its own context. */
  hasGoneOn(): void {
    this.following = undefined;
  }
}

const VISIT = Symbol('clew.express-visit');

/** The visit that a request is on; nothing while it is in no router. */
export function visitOf(request: ExpressRequest): Visit | undefined {
  return (request as Visiting)[VISIT];
}

// A property, not a WeakMap: with an entry a request, collecting garbage costs more than all of the plugin does.
export function setVisit(request: ExpressRequest, visit: Visit | undefined): void {
  (request as Visiting)[VISIT] = visit;
}

type Visiting = ExpressRequest & { [VISIT]?: Visit | undefined };
