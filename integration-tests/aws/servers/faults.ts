import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from './aws-error.ts';

/** What goes wrong with a request. */
export type Fault =
  /** The service refuses the request: the SDK retries it. */
  | 'throttle'
  /** The service fails: the SDK retries the request. */
  | 'fail'
  /** The connection breaks before the response. */
  | 'reset'
  /** The connection breaks after the first half of the response. */
  | 'reset-in-response'
  /** The response comes after 300 ms. */
  | 'slow';

/** The faults that the next requests have, and the credentials that have expired. */
export class Faults {
  readonly #next = new Map<string, Fault[]>();
  readonly #expired = new Set<string>();

  /** The next requests of an action have these faults, one each. */
  next(action: string, ...faults: readonly Fault[]): void {
    this.#next.set(action, [...(this.#next.get(action) ?? []), ...faults]);
  }

  /** All requests with this session token are refused from now on. */
  expire(token: string): void {
    this.#expired.add(token);
  }

  /** The fault of a request, after it was refused or delayed. */
  async meet(action: string, token: string | undefined): Promise<Fault | undefined> {
    if (token !== undefined && this.#expired.has(token))
      throw new AwsError(
        'ExpiredTokenException',
        'The security token included in the request is expired',
        403,
      );
    const fault = this.#next.get(action)?.shift();
    if (fault === 'throttle') throw new AwsError('ThrottlingException', 'Rate exceeded', 429);
    if (fault === 'fail')
      throw new AwsError('InternalFailure', 'We encountered an internal error. Please try again.', 500);
    if (fault === 'slow') await delay(300);
    return fault;
  }
}

/** The credentials that STS has issued. */
export function newCredentials(secondsValid: number): Record<string, string> {
  return {
    AccessKeyId: `ASIA${randomUUID().slice(0, 8).toUpperCase()}`,
    SecretAccessKey: randomUUID(),
    SessionToken: randomUUID(),
    Expiration: new Date(Date.now() + secondsValid * 1000).toISOString(),
  };
}
