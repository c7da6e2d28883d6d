import SwiftClient from 'openstack-swift-client';

/** Fetches one token for all concurrent requests. The client alone would fetch one for each of them. */
export class SharedToken extends SwiftClient.KeystoneV3Authenticator {
  #pending;

  getToken() {
    this.#pending ??= super.getToken().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Fetches a new token for the next request, unless another request has replaced this one. */
  forget(token) {
    if (this.currentToken?.token === token) this.currentToken = null;
  }
}
