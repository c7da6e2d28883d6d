import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { expectedRequests, FAILURES, requestsOf, type Statements } from './expected-requests.ts';
import { createProject, type OrmProject } from './orm-project.ts';

// 300 MB are installed, and none of it runs a binary: the client compiles its queries in WebAssembly.
const PACKAGES = ['pg@8.23.1', 'prisma@7.10.0', '@prisma/client@7.10.0', '@prisma/adapter-pg@7.10.0'];
const INSTALL_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 120_000;

const STATEMENTS: Statements = {
  table: 'public.songs',
  find: 'SELECT "public"."songs"."id", "public"."songs"."title" FROM "public"."songs" WHERE "public"."songs"."id" = $1 OFFSET $2',
  insert:
    'INSERT INTO "public"."songs" ("id","title") VALUES ($1,$2) RETURNING "public"."songs"."id", "public"."songs"."title"',
  insertedRows: 1,
  missing: 'SELECT * FROM nothing',
  begin: 'BEGIN',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
};

let project: OrmProject;
beforeAll(async () => {
  project = await createProject(PACKAGES);
  const { folder } = project;
  const command = join(folder, 'node_modules', 'prisma', 'build', 'index.js');
  const variables = {
    CHECKPOINT_DISABLE: '1',
    // Without this, Prisma downloads a program that `generate` does not run.
    PRISMA_SCHEMA_ENGINE_BINARY: join(folder, 'package.json'),
    // The place of Prisma's cache.
    HOME: folder,
  };
  const args = [command, 'generate', '--schema', 'schema.prisma'];
  const { code, stderr } = await runProgram(args, { cwd: folder, variables });
  if (code !== 0) throw new Error(`prisma generate: ${stderr}`);
}, INSTALL_TIMEOUT_MS);
afterAll(() => project.close());

test(
  'over @prisma/adapter-pg, each query of the generated client is one CLIENT span below its own request, through pools of 1 and 5, and the output is the same as untraced',
  async () => {
    const { untraced, traced, spans } = await project.compare('pg', 'requests.mjs', 'prisma.cjs', 'pg');
    expect(untraced).toMatchObject({ code: 0, stderr: '' });
    expect(traced).toEqual(untraced);
    expect(requestsOf(spans)).toEqual(expectedRequests(STATEMENTS, FAILURES.pg));
  },
  TIMEOUT_MS,
);

test(
  'findUnique of requests in one turn: Prisma sends one query, whose span belongs to the first request',
  async () => {
    const { untraced, traced, spans } = await project.compare('pg', 'prisma-batch.cjs');
    expect(untraced).toMatchObject({ code: 0, stderr: '' });
    expect(traced).toEqual(untraced);
    const query = `CLIENT SELECT public.songs | ${STATEMENTS.find.replace('= $1 OFFSET $2', 'IN ($1,$2) OFFSET $3')} | on public.songs | 1 rows`;
    expect(requestsOf(spans)).toEqual({ 'request 1': [query], 'request 2': [] });
  },
  TIMEOUT_MS,
);
