import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Keep, Policy } from '../src/index.ts';

/** The format is described in conformance/README.md. */
export interface Request {
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly name?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly queue?: string;
  readonly rpcMethod?: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean | string[]>>;
  readonly baggage?: Readonly<Record<string, string>>;
  readonly origin?: 'root' | 'remote-sampled' | 'remote-unsampled' | 'signed' | 'debug';
  readonly random?: string;
  readonly tracestate?: string;
  readonly atMs?: number;
  readonly route?: string | null;
  readonly error?: boolean;
  readonly durationMs?: number;
  readonly expect: Expectation;
}

export interface Expectation {
  readonly sampled: boolean;
  readonly policy?: string;
  readonly kept?: string;
  readonly th?: string;
  readonly at?: 'start' | 'route' | 'end';
}

export interface Group {
  readonly title: string;
  readonly policies: readonly Policy[];
  readonly options?: {
    readonly requested?: { readonly enabled?: boolean; readonly tracesPerSecond?: number };
    readonly followParent?: boolean;
    readonly default?: Keep;
  };
  readonly resource?: Readonly<Record<string, string | number>>;
  readonly requests: readonly Request[];
}

const folder = join(__dirname, '..', 'conformance');

/** All files of the suite. */
export const FILES = globSync('*.json', { cwd: folder })
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { title: string; groups: Group[] });
