import { errorMonitor } from 'node:events';
import { guard, reportFailure } from '../kit/failures.ts';
import { isPromise } from '../kit/is-promise.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { currentContext } from '../operation.ts';
import { recordError } from '../record-error.ts';
import { noteRoute } from '../route-observer.ts';
import { type FrameworkResponse, isStream, type ResponseSoFar } from './framework-response.ts';
import type { LayerRun } from './layer.ts';
import { LIVE, ROUTED, type ServerRequest, serverRequestOf } from './server-request.ts';

/**
 * A request inside a framework. It sets the route and the error of the SERVER span by one rule for all frameworks: the
 * route is the one that was matched when the response was decided, and no later layer changes it.
 * See docs/architecture.md, "Which route a request has".
 * No `#private` here, for speed: each request creates an object of this class or of a derived one.
 */
export class RoutedRequest {
  private readonly response: FrameworkResponse;
  /** The server request at the framework's entry, and the last one that middleware created. */
  private outer: ServerRequest | undefined;
  private inner: ServerRequest | undefined;
  /** The route or mount that has the request now; `undefined` for the root. */
  private current: string | undefined;
  /** The route that had it last. */
  private latest: string | undefined;
  private isSet = false;
  /** The route that matched after an earlier route had set the response. */
  private candidate: string | undefined;
  private isLive = false;
  private isBroken = false;
  /** Layers that last until the response closes. */
  private lasting: LayerRun[] | undefined;

  /**
   * Create it where the framework takes the request: the server request is read from the current context. A server request
   * with another response is ignored, because an application may serve a request that it created inside a handler.
   */
  constructor(response: FrameworkResponse) {
    this.response = response;
    const found = serverRequestOf(currentContext());
    if (found === undefined) return;
    const owner = found[ROUTED];
    if (owner !== undefined && owner !== null && owner !== response[ROUTED]) return;
    this.outer = found;
    this.claim(found);
    response[ROUTED] ??= found;
  }

  /** A route with a handler for the request's method takes the request. */
  match(route: string): void {
    this.findServerRequest();
    if (this.response.headersSent) return;
    // Before `publish`: a sampler may decide now, and what follows is recorded accordingly.
    if (this.outer !== undefined) noteRoute(this.outer.span, route);
    if (this.isSet) this.candidate = route;
    else this.publish(route, route);
  }

  /**
   * A layer that is not a route takes the request. `mount` is the path that it is mounted at, `undefined` for the root.
   * Call it also for what follows a route that passes the request on.
   */
  enter(mount: string | undefined): void {
    this.findServerRequest();
    if (!this.response.headersSent) this.publish(mount, this.latest);
  }

  /**
   * A route calls `next`, in a framework that sends the response after all handlers have returned. If what follows leaves
   * the response as the route has set it, the route itself responds, whatever route has matched since. `read` is called
   * before `next` and when its promise has settled.
   */
  callNext<T>(next: () => T, read: () => ResponseSoFar): T {
    const before = guard('reading a response', read);
    const finish = before && guard('passing a request on', () => this.passInward(before.isSet));
    const following = next();
    if (finish === undefined || !isPromise(following)) return following;
    const settled = () => {
      const after = read();
      finish(after.body !== before?.body || after.status !== before?.status);
    };
    return observePromise(following, settled, () => {});
  }

  private passInward(isSet: boolean): (isChanged: boolean) => void {
    const { isSet: wasSet } = this;
    const route = wasSet ? this.candidate : this.latest;
    if (isSet) this.isSet = true;
    else if (!this.response.headersSent) this.publish(undefined, route);
    return (isChanged) => {
      if (this.response.headersSent) return;
      if (isChanged) {
        if (isSet && !wasSet && this.candidate !== undefined) this.publish(this.candidate, this.candidate);
        this.isSet = true;
      } else if (isSet) this.candidate = wasSet ? route : undefined;
      else this.publish(undefined, route);
    };
  }

  /**
   * Records an error that a handler threw or passed on; the first one is the cause of later ones. Before the headers are
   * sent, it counts if the response becomes a server error. Later it breaks the response off and counts in any case.
   */
  fail(error: unknown): void {
    this.findServerRequest();
    const { headersSent, statusCode } = this.response;
    if (headersSent) {
      // An error from before the headers has been handled, or is the cause of the status.
      if (this.isBroken || this.outer?.error === error || this.inner?.error === error) return;
      this.isBroken = true;
    }
    const isBreak = headersSent && statusCode < 500;
    this.each((served) => {
      if (!isBreak) served.error ??= error;
      else {
        served.breakError ??= error;
        if (served.span.isRecording()) recordError(served.span, error);
      }
    });
  }

  /** If the body is a stream, its error breaks the response off, unless the client has left before. */
  failWith(body: unknown): void {
    if (!isStream(body)) return;
    const broken = (error: unknown) => {
      if (!this.response.destroyed) this.fail(error);
    };
    guard('listening to a body', () => body.on(errorMonitor, broken));
  }

  /** An error handler has passed the request on without the error. */
  recover(): void {
    this.each((served) => {
      served.error = undefined;
    });
  }

  /**
   * Ends a layer when the response closes, and not before `promise`, that of its handler, has settled. The response gets
   * one listener for all layers, and that runs before the SERVER span ends.
   */
  endWithResponse(run: LayerRun, promise?: Promise<unknown>): void {
    if (promise !== undefined) {
      const settled = () => {
        if (!run.ended) this.endWithResponse(run);
      };
      // Only for a promise whose rejection the framework handles.
      Promise.prototype.then.call(promise, settled, settled);
      return;
    }
    if (this.response.writableEnded || this.response.destroyed) {
      run.end();
      return;
    }
    if (this.lasting !== undefined) {
      this.lasting.push(run);
      return;
    }
    const lasting = [run];
    this.lasting = lasting;
    this.response.prependOnceListener('close', () => {
      for (const open of lasting.reverse()) open.end();
    });
  }

  /**
   * Middleware may create a server request, which then gets the route as well. Call this wherever the context may have
   * changed. If the context was lost, its server request may belong to another client; it is ignored.
   */
  findServerRequest(): void {
    const found = serverRequestOf(currentContext());
    if (found === undefined || found === this.outer || found === this.inner) return;
    const owner = found[ROUTED];
    // `http-server` makes none inside of a request.
    if (owner === null ? this.outer !== undefined : owner !== undefined) return;
    if (this.outer === undefined) this.outer = found;
    else this.inner = found;
    this.claim(found);
    this.isLive = false;
    if (!this.response.headersSent) this.publish(this.current, this.latest);
  }

  /** The current route; from the moment the headers are sent, that of the response. */
  get route(): string | undefined {
    const { current, latest, response } = this;
    if (!isPassed(latest, current)) return current;
    return response.headersSent && response.statusCode === 404 ? current : latest;
  }

  private publish(current: string | undefined, latest: string | undefined): void {
    this.current = current;
    this.latest = latest;
    // Whether a route that passed the request on stays depends on the status.
    const wasLive = this.isLive;
    this.isLive = isPassed(latest, current);
    if (wasLive && this.isLive) return;
    try {
      if (this.outer !== undefined) this.publishTo(this.outer);
      if (this.inner !== undefined) this.publishTo(this.inner);
    } catch (fault) {
      reportFailure('setting the route', fault);
    }
  }

  private publishTo(served: ServerRequest): void {
    if (this.isLive) {
      served[LIVE] = this;
      Object.defineProperty(served, 'route', LIVE_ROUTE);
    } else served.route = this.current;
  }

  private claim(served: ServerRequest): void {
    try {
      served[ROUTED] = this.outer ?? served;
    } catch (fault) {
      reportFailure('claiming a server request', fault);
    }
  }

  private each(change: (served: ServerRequest) => void): void {
    try {
      if (this.outer !== undefined) change(this.outer);
      if (this.inner !== undefined) change(this.inner);
    } catch (fault) {
      reportFailure('setting the error', fault);
    }
  }
}

/** Computes the route when it is read. All requests share these functions, so that V8 shares one shape. */
const LIVE_ROUTE: PropertyDescriptor & ThisType<ServerRequest> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[LIVE]?.route;
  },
  set(value: string | undefined) {
    this[LIVE] = undefined;
    Object.defineProperty(this, 'route', { value, writable: true, configurable: true, enumerable: true });
  },
};

/** Whether the latest route has passed the request on and is more specific than the path that has it now. */
function isPassed(latest: string | undefined, current: string | undefined): boolean {
  if (latest === undefined || latest === current) return false;
  return current === undefined || current === '/' || latest.startsWith(`${current}/`);
}
