import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import type { Attributes } from '@opentelemetry/api';
import type { Provider, ProviderStats } from '../decider.ts';
import type { PolicySet } from '../policy.ts';
import { Background } from './background.ts';
import { type ExchangeRequest, HttpExchange } from './http-exchange.ts';
import {
  createInstanceUid,
  decodeServerToAgent,
  encodeAgentToServer,
  type RemoteConfig,
  type RemoteConfigStatus,
  uidText,
} from './opamp-messages.ts';
import { policyFormat } from './policy-format.ts';
import { PolicyLoader } from './policy-loader.ts';
import { type Exchange, PollLoop, type PollOutcome } from './poll-loop.ts';
import { messageOf, ProviderCounters } from './provider-counters.ts';
import {
  displayUrl,
  MAX_SET_BYTES,
  type RemoteOptions,
  type ResolvedRemoteOptions,
  resolveRemoteOptions,
} from './provider-options.ts';

/** From which OpAMP server policies come. The default interval is 30 s. */
export interface OpampProviderOptions extends RemoteOptions {
  /** URL of the server, http or https; default `http://localhost:4320/v1/opamp`. */
  readonly url?: string | undefined;
  /** Attributes of the resource. `service.name`, `service.namespace` and `service.instance.id` identify the agent. */
  readonly resource: Readonly<Attributes>;
}

const KEYS: readonly (keyof OpampProviderOptions)[] = ['url', 'resource'];
const IDENTIFYING = ['service.name', 'service.namespace', 'service.instance.id'] as const;
/** The file that has the policies, unless it is the only one. */
const FILE = 'policies';
const NO_STATUS: RemoteConfigStatus = { hash: Buffer.alloc(0), status: 'UNSET', errorMessage: '' };
const MAX_ERROR_CHARS = 1000;

/**
 * Policies as the remote configuration of an OpAMP server, over HTTP. The agent reports whether they were applied.
 *
 * @see https://opentelemetry.io/docs/specs/opamp/
 */
export class OpampProvider implements Provider {
  readonly name: string;
  readonly priority = 1;
  readonly #options: ResolvedRemoteOptions;
  readonly #description: Readonly<Record<string, string>>;
  readonly #counters: ProviderCounters;
  #loop: PollLoop | undefined;
  #instanceUid = createInstanceUid();
  #sequenceNumber = 0;
  /** The server may have missed a message, or asks for everything. */
  #isFullStateDue = true;
  #isConnected = false;
  #status = NO_STATUS;
  #isStatusDue = false;

  /** @throws TypeError for an invalid option */
  constructor(options: OpampProviderOptions) {
    const { url = 'http://localhost:4320/v1/opamp', resource } = options;
    this.#options = resolveRemoteOptions('opamp', url, options, 30_000, KEYS);
    this.#description = identityOf(resource, uidText(this.#instanceUid));
    this.name = `opamp ${displayUrl(this.#options.url)}`;
    this.#counters = new ProviderCounters(this.name);
  }

  start(inForce: (policies: PolicySet, version: string) => void): void {
    if (this.#loop !== undefined) return;
    const loader = new PolicyLoader(this.#counters, inForce);
    this.#loop = new PollLoop({
      counters: this.#counters,
      intervalMs: this.#options.intervalMs,
      poll: (exchange) => this.#poll(exchange, loader),
    });
    this.#loop.start();
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  /** Notifies the server that this agent ends, without waiting for the response. */
  stop(): void {
    this.#loop?.stop();
    if (!this.#isConnected) return;
    this.#isConnected = false;
    const request = this.#request(true);
    new Background().run(() => new HttpExchange(request));
  }

  async #poll(exchange: Exchange, loader: PolicyLoader): Promise<PollOutcome> {
    const request = this.#request(false);
    // Until the response shows that the server has this message.
    const wasStatusDue = this.#isStatusDue;
    this.#isFullStateDue = true;
    const response = await exchange(request);
    if (response.kind === 'failed') return response;
    const { 'content-type': contentType = '' } = response.headers;
    if (!contentType.includes('protobuf')) {
      throw new TypeError(
        `expected the content type to be application/x-protobuf, got ${JSON.stringify(contentType)}`,
      );
    }
    const { instanceUid, error, config, wantsFullState, newInstanceUid } = decodeServerToAgent(response.body);
    if (error !== undefined) {
      const { message, retryAfterMs } = error;
      const detail = `responded with an error: ${message}`;
      return { kind: 'failed', cause: 'status', detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
    if (instanceUid !== undefined && !instanceUid.equals(this.#instanceUid)) {
      throw new TypeError('expected a response for this agent, got one for another agent');
    }
    this.#isConnected = true;
    this.#isFullStateDue = wantsFullState;
    if (wasStatusDue) this.#isStatusDue = false;
    if (newInstanceUid !== undefined) this.#instanceUid = newInstanceUid;
    if (config !== undefined) this.#apply(config, loader);
    // Reports at once whether the configuration was applied.
    return { kind: 'done', again: wantsFullState || this.#isStatusDue };
  }

  #apply(config: RemoteConfig, loader: PolicyLoader): void {
    const { hash } = config;
    if (hash.length > 0 && hash.equals(this.#status.hash)) {
      this.#counters.unchanged();
      return;
    }
    try {
      const [name, { body, contentType }] = policiesOf(config);
      loader.load(body, policyFormat(contentType, name), hash.length > 0 ? hash.toString('hex') : undefined);
      this.#status = { hash, status: 'APPLIED', errorMessage: '' };
    } catch (error) {
      const detail = messageOf(error);
      this.#counters.failed('invalid', detail);
      this.#status = { hash, status: 'FAILED', errorMessage: detail.slice(0, MAX_ERROR_CHARS) };
    }
    this.#isStatusDue = true;
  }

  #request(isLast: boolean): ExchangeRequest {
    const { url, headers, tls, timeoutMs } = this.#options;
    const isFull = this.#isFullStateDue && !isLast;
    const message = encodeAgentToServer({
      instanceUid: this.#instanceUid,
      sequenceNumber: ++this.#sequenceNumber,
      description: isFull ? this.#description : undefined,
      configStatus: isFull || this.#isStatusDue ? this.#status : undefined,
      isLast,
    });
    return {
      method: 'POST',
      url,
      headers: {
        accept: 'application/x-protobuf',
        ...headers,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'gzip',
        'opamp-instance-uid': uidText(this.#instanceUid),
      },
      body: gzipSync(message),
      tls,
      timeoutMs,
      maxBytes: MAX_SET_BYTES,
    };
  }
}

/** The file with the policies. Without any file, the configuration was withdrawn: no policies. */
function policiesOf({ files }: RemoteConfig): readonly [name: string, { body: string; contentType: string }] {
  const file = files.get(FILE);
  if (file !== undefined) return [FILE, file];
  if (files.size === 0) return [FILE, { body: '{"policies":[]}', contentType: 'application/json' }];
  const [first] = files;
  if (files.size === 1) return first!;
  throw new TypeError(
    `expected the configuration to have a file "${FILE}", got ${JSON.stringify([...files.keys()].slice(0, 10))}`,
  );
}

function identityOf(resource: Readonly<Attributes>, instanceId: string): Record<string, string> {
  const identity: Record<string, string> = { 'service.instance.id': instanceId };
  for (const name of IDENTIFYING) {
    const value = resource[name];
    if (typeof value === 'string' && value !== '') identity[name] = value;
  }
  return identity;
}
