import { db, defineInstrumentation } from '@clew/core/plugin';
import { patchClient } from './patch-client.ts';
import { patchPool } from './patch-pool.ts';
import type { PgTools } from './pg.ts';

declare const __VERSION__: string;

interface Class {
  readonly prototype: object;
}

/** Traces the queries of pg, its pools, cursors and streams. */
export const PgInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-pg',
  version: __VERSION__,
  options: { ...db.options, ...db.commentOptions },
  targets: [
    { module: 'pg', versions: ['>=8 <9'], patch: patchPg },
    {
      module: 'pg',
      versions: ['>=8 <9'],
      file: 'lib/native/client.js',
      patch: (Client, tools) => patchClient(tools, (Client as Class).prototype),
    },
    {
      module: 'pg-pool',
      versions: ['>=3 <4'],
      patch: (Pool, tools) => patchPool(tools, (Pool as Class).prototype),
    },
  ],
});

export type PgInstrumentation = InstanceType<typeof PgInstrumentation>;

/** A bundle contains pg-pool as well: pg's own class of pools extends the one of pg-pool. */
function patchPg(pg: unknown, tools: PgTools): void {
  const { Client, Pool } = pg as { readonly Client: Class; readonly Pool: Class };
  patchClient(tools, Client.prototype);
  patchPool(tools, Object.getPrototypeOf(Pool.prototype));
}
