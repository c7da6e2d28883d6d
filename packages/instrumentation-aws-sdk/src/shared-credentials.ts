import { type ClientCall, client, guard, observePromise } from '@clew/core/plugin';
import type { AwsTools } from './options.ts';
import { type Client, isRecord } from './sdk.ts';

/** Returns the credentials of a client: those that the SDK has kept, or new ones. */
type Provider = (this: unknown, ...args: unknown[]) => unknown;

/** The calls that ask for credentials before the first of them has got its own. */
interface Round {
  /** The call in whose context the SDK fetches credentials if it needs new ones; `undefined` if it is not recorded. */
  readonly first: ClientCall | undefined;
  /** The credentials that the SDK had before. */
  readonly before: unknown;
}

/** The rounds of one provider. */
interface Rounds {
  current: Round | undefined;
  latest: unknown;
}

/**
 * Links calls that wait for credentials to the call that fetches them. The SDK fetches once for all calls that need new
 * credentials at the same time, in the context of the first one.
 */
export class SharedCredentials {
  readonly #tools: AwsTools;
  readonly #traced = new WeakMap<Provider, Provider>();
  #isActive = true;

  constructor(tools: AwsTools) {
    this.#tools = tools;
    tools.onDisable(() => {
      this.#isActive = false;
    });
  }

  /** Observes the credentials of a client, once. */
  observe({ config }: Client): void {
    this.#tools.once(config, () => {
      const own = Object.getOwnPropertyDescriptor(config, 'credentials');
      if (own === undefined || !own.configurable) return;
      const { get } = own;
      // A setter of the SDK stays: it prepares the credentials that an application assigns later.
      const replacement =
        get === undefined
          ? { ...own, value: this.#trace(own.value) }
          : { ...own, get: () => this.#trace(get.call(config)) };
      Object.defineProperty(config, 'credentials', replacement);
    });
  }

  /** The same function for the same provider, because an application may pass it on to another client. */
  #trace(provider: unknown): unknown {
    if (typeof provider !== 'function') return provider;
    const original = provider as Provider;
    const existing = this.#traced.get(original);
    if (existing !== undefined) return existing;
    const rounds: Rounds = { current: undefined, latest: undefined };
    const join = (result: unknown) => this.#join(rounds, result);
    // The SDK marks its providers with properties.
    const traced: Provider = Object.assign(function (this: unknown, ...args: unknown[]) {
      return join(original.apply(this, args));
    }, original);
    this.#traced.set(original, traced);
    this.#traced.set(traced, traced);
    return traced;
  }

  #join(rounds: Rounds, result: unknown): unknown {
    if (!this.#isActive) return result;
    const call = guard(`${this.#tools.name}: credentials`, () => client.callOf());
    const isFirst = rounds.current === undefined;
    rounds.current ??= { first: call, before: rounds.latest };
    if (call === undefined && !isFirst) return result;
    const round = rounds.current;
    const end = (wereFetched: boolean) => {
      if (rounds.current === round) rounds.current = undefined;
      if (!wereFetched || isFirst || round.first === undefined || !call?.recording) return;
      call.span.addLink({ context: round.first.span.spanContext() });
    };
    return observePromise(
      result,
      (credentials) => {
        rounds.latest = credentials;
        end(credentials !== round.before && isTemporary(credentials));
      },
      () => end(true),
    );
  }
}

/** Other credentials are those of the application or its environment. */
function isTemporary(credentials: unknown): boolean {
  return isRecord(credentials) && credentials.expiration !== undefined;
}
