import { type ClientOptions, client, defineInstrumentation, remembered, type Tools } from '@clew/core/plugin';

/** Traces the calls of openstack-swift-client, and the token that concurrent calls wait for. */
export const SwiftInstrumentation = defineInstrumentation({
  name: 'clew-example-openstack',
  version: '0.1.0',
  options: client.options,
  targets: [{ module: 'openstack-swift-client', versions: ['>=2 <3'], patch }],
});

type Fetch = (this: object) => Promise<unknown>;
interface SwiftClient {
  readonly prototype: object;
  readonly KeystoneV3Authenticator: { readonly prototype: { getToken: Fetch; authenticate: Fetch } };
}

const operationOf = remembered((method: string) => client.operation({ service: 'swift', method }));
const getToken = client.operation({ service: 'keystone', method: 'getToken' });

function patch(moduleExports: unknown, tools: Tools<ClientOptions>): void {
  const { prototype, KeystoneV3Authenticator } = moduleExports as SwiftClient;
  // The client and its containers inherit these methods.
  const entity: object = Object.getPrototypeOf(prototype);
  for (const method of ['list', 'update', 'meta', 'delete'])
    client.traceMethod(tools, entity, method, { call: () => ({ operation: operationOf(method) }) });

  const tokens = client.sharedWork(tools, () => ({ operation: getToken }));
  const work = (fetch: Fetch): Fetch =>
    function () {
      return tokens.work(this, () => fetch.call(this));
    };
  const wait = (authenticate: Fetch): Fetch =>
    function () {
      return tokens.wait(this, () => authenticate.call(this));
    };
  tools.wrap(KeystoneV3Authenticator.prototype, 'getToken', work);
  tools.wrap(KeystoneV3Authenticator.prototype, 'authenticate', wait);
}
