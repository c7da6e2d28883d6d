// A server with TLS and one without it, and what applications see of their connections.
import type { RecordedSpan } from '@clew/testing';
import { type Certificate, selfSignedCertificate } from '../services/certificate.ts';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the servers for the tests of one file. */
export function tlsServers(start: (certificate?: Certificate) => Promise<Server>) {
  let certificate: Certificate;
  let secure: Server;
  let plain: Server;
  beforeAll(async () => {
    certificate = await selfSignedCertificate();
    [secure, plain] = await Promise.all([start(certificate), start()]);
  }, 120_000);
  afterAll(() => Promise.all([secure.stop(), plain.stop()]));
  return { certificate: () => certificate, secure: () => secure, plain: () => plain };
}

/** What an application sees of a query or a connection. */
export interface Outcome {
  readonly rows?: unknown;
  readonly message?: string;
  readonly code?: string;
}

/** The rows of a result, or the error. */
export const outcomeOf = (work: Promise<unknown>, rowsOf: (result: unknown) => unknown): Promise<Outcome> =>
  work.then(
    (result) => ({ rows: rowsOf(result) }),
    ({ message, code }: Outcome) => ({ message, code }) as Outcome,
  );

/** Runs `work` while a plugin traces a module, or without the plugin if it is `undefined`. */
export async function tracedBy<Module, T>(
  plugin: { instrument(module: Module): void; disable(): void } | undefined,
  module: Module,
  work: () => Promise<T>,
): Promise<T> {
  plugin?.instrument(module);
  try {
    return await work();
  } finally {
    plugin?.disable();
  }
}

/** The parts of a span that are the same in every run. */
export function contentOf({ name, kind, status, attributes, events }: RecordedSpan) {
  const { 'clew.db.connection_wait_ms': _wait, ...rest } = attributes;
  return { name, kind, status, attributes: rest, events: events.map((event) => event.name) };
}
