import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { KafkajsInstrumentation } from '@clew/instrumentation-kafkajs';
import type * as kafkajs from 'kafkajs';

/** One version of the library. */
export interface Api {
  readonly name: string;
  readonly exports: typeof kafkajs;
  /** Patches the library without module hooks. */
  instrument(instrumentation: InstanceType<typeof KafkajsInstrumentation>): void;
}

const { resolve } = createRequire(__filename);

function apiOf(name: string): Api {
  const exports = require(name) as typeof kafkajs;
  return {
    name: `kafkajs ${require(join(resolve(name), '..', 'package.json')).version}`,
    exports,
    instrument: (instrumentation) => instrumentation.instrument(exports, 'kafkajs'),
  };
}

export const newest: Api = apiOf('kafkajs');
export const oldest: Api = apiOf('kafkajs-2.0');
export const apis: readonly Api[] = [oldest, apiOf('kafkajs-2.1'), newest];
