import { diag } from '@opentelemetry/api';
import {
  type OpampServer,
  startOpampServer,
} from '../../../integration-tests/sampling/servers/opamp-server.ts';
import { OpampProvider, type OpampProviderOptions } from '../src/providers/opamp-provider.ts';
import { collectLogs, idOf, SetsInForce, setOf, yamlOf } from './sets-in-force.ts';

const APPLIED = 1;
const FAILED = 3;
let server: OpampServer;
let provider: OpampProvider;

function start(options: Partial<OpampProviderOptions> = {}): SetsInForce {
  const resource = { 'service.name': 'shop', 'service.namespace': 'eu', 'process.pid': 7 };
  provider = new OpampProvider({ url: server.url, resource, intervalMs: 20, ...options });
  return SetsInForce.of(provider);
}

beforeEach(async () => {
  server = await startOpampServer();
});

afterEach(async () => {
  provider.stop();
  diag.disable();
  await server.close();
});

describe('the OpAMP provider', () => {
  test('describes itself in its first message, and is brief in the next ones', async () => {
    start();
    await server.received(3);
    const [first, second, third] = server.messages;
    const { instanceUid } = first!;
    expect(instanceUid).toHaveLength(16);
    expect(instanceUid[6]! >> 4).toBe(7);
    expect(first!.capabilities).toBe(0x1003n);
    const attributes = first!.agentDescription?.identifyingAttributes.map(({ key, value }) => [
      key,
      value?.value.value,
    ]);
    const text = Buffer.from(instanceUid)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    expect(Object.fromEntries(attributes!)).toEqual({
      'service.name': 'shop',
      'service.namespace': 'eu',
      'service.instance.id': text,
    });
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'opamp-instance-uid': text,
    });
    expect([second!.agentDescription, third!.agentDescription]).toEqual([undefined, undefined]);
    expect([first, second, third].map((message) => message!.sequenceNum)).toEqual([1n, 2n, 3n]);
  });

  test('puts the file `policies` in force, and reports at once that it is applied', async () => {
    server.offer({
      other: { body: 'receivers: {}' },
      policies: { body: setOf('remote'), contentType: 'application/json' },
    });
    const sets = start({ intervalMs: 86_400_000 });
    const { remoteConfigStatus: status } = await server.when(
      ({ remoteConfigStatus }) => remoteConfigStatus?.status === APPLIED,
    );
    expect(idOf(sets.policies)).toBe('remote');
    expect(Buffer.from(status!.lastRemoteConfigHash).toString('hex')).toBe(sets.all[0]?.version);
    expect(status!.errorMessage).toBe('');
    expect(server.requests).toHaveLength(2);
  });

  test('uses a single file, whatever its name', async () => {
    server.offer({ '': { body: yamlOf('single'), contentType: 'text/yaml' } });
    const sets = start();
    await sets.count(1);
    expect(idOf(sets.policies)).toBe('single');
    server.offer({ 'sampling.yaml': { body: yamlOf('named') } });
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('named');
  });

  test('puts no policies in force when the configuration is withdrawn', async () => {
    server.offer({ policies: { body: setOf('remote') } });
    const sets = start();
    await sets.count(1);
    server.offer({});
    await sets.count(2);
    expect(sets.policies).toMatchObject({ policies: [] });
  });

  test('keeps the last policies and reports why a configuration is refused, once', async () => {
    const logs = collectLogs();
    server.offer({ policies: { body: setOf('good') } });
    const sets = start();
    await sets.count(1);
    server.offer({ policies: { body: '{"policies":[{"id":"bad","keep":{"ratio":2}}]}' } });
    const failed = await server.when(({ remoteConfigStatus }) => remoteConfigStatus?.status === FAILED);
    expect(failed.remoteConfigStatus?.errorMessage).toContain('policies[0].keep.ratio');
    await server.receivedMore(3);
    expect(idOf(sets.policies)).toBe('good');
    expect(provider.stats().failures).toEqual({ invalid: 1 });
    expect(logs).toEqual([expect.stringMatching(/the last good set stays in force$/)]);
  });

  test('refuses several files if none is named `policies`', async () => {
    collectLogs();
    server.offer({ a: { body: setOf('a') }, b: { body: setOf('b') } });
    start();
    const failed = await server.when(({ remoteConfigStatus }) => remoteConfigStatus?.status === FAILED);
    expect(failed.remoteConfigStatus?.errorMessage).toBe(
      'expected the configuration to have a file "policies", got ["a","b"]',
    );
  });

  test('reports its full state when the server asks for it, or has missed a message', async () => {
    server.offer({ policies: { body: setOf('remote') } });
    const sets = start();
    await sets.count(1);
    await server.receivedMore(2);
    server.forget();
    const from = server.messages.length;
    const isFull = ({ agentDescription }: (typeof server.messages)[0]) => agentDescription !== undefined;
    while (!server.messages.slice(from).some(isFull)) await server.receivedMore(1);
    const full = server.messages.slice(from).find(isFull);
    expect(full?.remoteConfigStatus?.status).toBe(APPLIED);
    expect(sets.all).toHaveLength(1);
  });

  test('does not ask twice in a row, although the server always wants its full state', async () => {
    server.change((response) => {
      response.flags = 1n;
    });
    start({ intervalMs: 86_400_000 });
    await server.received(2);
    const other = await startOpampServer();
    const second = new OpampProvider({ url: other.url, resource: {}, intervalMs: 50 });
    second.start(() => {});
    await other.received(3);
    second.stop();
    await other.close();
    expect(server.requests).toHaveLength(2);
  });

  test('uses the identifier that the server assigns', async () => {
    const assigned = Buffer.alloc(16, 0xab);
    server.change((response) => {
      response.agentIdentification = { newInstanceUid: assigned };
    });
    start();
    const message = await server.when(({ instanceUid }) => assigned.equals(instanceUid));
    expect(message.sequenceNum).toBe(2n);
  });

  test('waits as long as an unavailable server asks for', async () => {
    const logs = collectLogs();
    const waitMs = 300;
    server.change((response) => {
      response.errorResponse = {
        type: 2,
        errorMessage: 'busy',
        Details: { case: 'retryInfo', value: { retryAfterNanoseconds: BigInt(waitMs) * 1_000_000n } },
      };
    });
    start();
    await server.received(1);
    const at = performance.now();
    await server.received(2);
    expect(performance.now() - at).toBeGreaterThan(waitMs - 20);
    expect(provider.stats().failures).toEqual({ status: 1 });
    expect(logs[0]).toContain('responded with an error: busy (status)');
    // The server may have missed the first message.
    expect(server.messages[1]?.agentDescription).toBeDefined();
  });

  test('logs a part of a long message, in one line', async () => {
    const logs = collectLogs();
    server.change((response) => {
      response.errorResponse = { type: 2, errorMessage: 'busy\n'.repeat(100_000) };
    });
    start();
    await server.received(2);
    expect(logs).toHaveLength(1);
    expect(logs[0]!.length).toBeLessThan(400);
    expect(logs[0]).not.toContain('\n');
  });

  const hostile: Record<string, [cause: string, bytes: Buffer]> = {
    'is cut off': ['invalid', Buffer.from([0x0a, 0x10, 0x01])],
    'has a number without an end': ['invalid', Buffer.alloc(32, 0xff)],
    'has a field of an unknown type': ['invalid', Buffer.from([0x0f])],
    'is for another agent': ['invalid', Buffer.from([0x0a, 0x02, 0x01, 0x02])],
    'expands to 10 MB': ['tooLarge', Buffer.alloc(10_000_000)],
  };

  test.each(Object.keys(hostile))('keeps the last policies when a response %s', async (kind) => {
    collectLogs();
    server.offer({ policies: { body: setOf('good') } });
    const sets = start();
    await sets.count(1);
    const [cause, bytes] = hostile[kind]!;
    server.sendRaw(bytes);
    await server.receivedMore(3);
    expect(Object.keys(provider.stats().failures)).toEqual([cause]);
    server.sendRaw(undefined);
    server.offer({ policies: { body: setOf('next') } });
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('next');
  });

  test('notifies the server when it stops', async () => {
    start();
    await server.received(2);
    provider.stop();
    const last = await server.when(({ agentDisconnect }) => agentDisconnect !== undefined);
    expect(last).toBe(server.messages.at(-1));
  });
});
