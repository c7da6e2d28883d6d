// Runs the commands and files of docs/environments.md in a project outside of this repository.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { blockOf, blocksOf, commandsOf } from '../page-blocks.ts';
import { spansOf } from '../span-tree.ts';
import { Shell } from './shell.ts';

const PAGE = 'docs/environments.md';
const TIMEOUT_MS = 300_000;
const CLEW = ['express', 'http', 'undici', 'child-process'].map((name) => `instrumentation-${name}`);
const OTHERS = [
  'express@5.3.0',
  'jest@30.5.2',
  'nodemon@3.1.14',
  'pm2@7.0.4',
  'ts-node@10.9.2',
  'tsx@4.23.15',
  'typescript@5.9.3',
  'vitest@5.1.1',
];
/** The versions that docs/environments.md names. */
const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
const hasHooks = major > 24 || (major === 24 ? minor * 100 + patch >= 1101 : minor * 100 + patch >= 2203);
const REQUEST = ['CLIENT GET', '  SERVER GET /orders/:id'];

let collector: Collector;
let project: string;
let shell: Shell;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  project = mkdtempSync(join(tmpdir(), 'clew-environments-'));
  shell = new Shell(project, collector, REQUEST.length);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "commonjs" }\n');
  cpSync(join(__dirname, 'programs'), project, { recursive: true });
  await npm(project, 'install', ...(await packPackages(project, ['node', ...CLEW])), ...OTHERS);
}, TIMEOUT_MS);
afterAll(async () => {
  await collector.close();
  rmSync(project, { recursive: true, force: true });
});

/** Older versions of Node.js do not run TypeScript by themselves. */
function testOf(command: string): typeof test | typeof test.skip {
  const needsNode = !/tsx|ts-node|nodemon|\.js$/.test(command);
  return needsNode && !process.features.typescript ? test.skip : test;
}

describe('commands that end', () => {
  const commands = ['TypeScript without a tool', 'tsx', 'ts-node'].flatMap((heading) =>
    commandsOf(PAGE, heading).filter((command) => !command.includes(' watch ')),
  );
  test('are found', () => expect(commands).toHaveLength(5));

  for (const command of commands) {
    testOf(command)(
      command,
      async () => {
        expect(await shell.run(command)).toEqual({ code: 0, output: '', tree: REQUEST });
      },
      TIMEOUT_MS,
    );
  }
});

describe('commands that watch', () => {
  const commands = ['tsx', 'node --watch', 'nodemon'].flatMap((heading) =>
    commandsOf(PAGE, heading).filter((command) => /watch|nodemon/.test(command)),
  );
  test('are found', () => expect(commands).toHaveLength(4));

  for (const command of commands) {
    testOf(command)(
      command,
      async () => {
        expect(await shell.runUntilTraced(command)).toEqual(REQUEST);
      },
      TIMEOUT_MS,
    );
  }
});

test('ts-node rejects the flag, with the documented message', async () => {
  const { code, output } = await shell.run('npx ts-node --import @clew/node/register app.ts');
  expect(code).not.toBe(0);
  expect(output).toContain('Unknown or unexpected option: --import');
});

describe('Jest', () => {
  test(
    'traces the route with the documented test',
    async () => {
      writeFileSync(join(project, 'orders.test.js'), blockOf(PAGE, 'Jest', 'js'));
      const { code, output, tree } = await shell.run('npx jest orders.test.js');
      expect(output).toMatch(/Jest loads modules without module hooks/);
      expect({ code, tree }).toEqual({ code: 0, tree: REQUEST });
    },
    TIMEOUT_MS,
  );

  test(
    'does not trace the route with the preload alone',
    async () => {
      const test = blockOf(PAGE, 'Jest', 'js').replace(
        /^const (?!express)(.*)$|^plugin.*$|^afterAll.*$/gm,
        '',
      );
      writeFileSync(join(project, 'plain.test.js'), test);
      const { code, tree } = await shell.run('npx jest plain.test.js', {
        NODE_OPTIONS: '--import @clew/node/register',
      });
      expect({ code, tree }).toEqual({ code: 0, tree: ['CLIENT GET', '  SERVER GET'] });
    },
    TIMEOUT_MS,
  );
});

describe('Vitest', () => {
  beforeAll(() => writeFileSync(join(project, 'vitest.config.mjs'), blockOf(PAGE, 'Vitest', 'js')));

  test(
    'traces with the documented configuration, and without a route in versions of Node.js that lack the hooks',
    async () => {
      const { code, tree } = await shell.run('npx vitest run --globals orders.test.mjs');
      expect({ code, tree }).toEqual({ code: 0, tree: hasHooks ? REQUEST : ['CLIENT GET', '  SERVER GET'] });
    },
    TIMEOUT_MS,
  );

  test(
    'loses the spans with its threads',
    async () => {
      const { code, tree } = await shell.run('npx vitest run --globals orders.test.mjs --pool threads', {
        OTEL_BSP_SCHEDULE_DELAY: '60000',
      });
      expect({ code, tree }).toEqual({ code: 0, tree: [] });
    },
    TIMEOUT_MS,
  );
});

test('each worker of a cluster sends its spans', async () => {
  const [command = ''] = commandsOf(PAGE, 'cluster');
  expect((await shell.run(command)).tree).toEqual([...REQUEST, ...REQUEST]);
});

test('a worker thread continues the trace', async () => {
  const [command = ''] = commandsOf(PAGE, 'Worker threads');
  expect((await shell.run(command)).tree).toEqual([
    ...REQUEST,
    '    CLIENT GET',
    '      SERVER GET /prices/:id',
  ]);
});

describe('pm2', () => {
  const [command = ''] = commandsOf(PAGE, 'pm2');
  const configuration = blockOf(PAGE, 'pm2', 'js');
  const KEEP = { KEEP_LISTENING: 'true', OTEL_SERVICE_NAME: 'shop' };
  afterEach(() => shell.run('npx pm2 kill'));

  test(
    'traces an application with the documented configuration',
    async () => {
      writeFileSync(join(project, 'ecosystem.config.cjs'), configuration);
      const tree = await shell.runUntilTraced(command, KEEP);
      expect(tree.slice(0, 2)).toEqual(REQUEST);
    },
    TIMEOUT_MS,
  );

  test(
    'sets NODE_OPTIONS too late in cluster mode',
    async () => {
      const late = configuration
        .replace(/node_args: (.*),/, '')
        .replace(
          "OTEL_SERVICE_NAME: 'shop'",
          "OTEL_SERVICE_NAME: 'late', NODE_OPTIONS: '--import=@clew/node/register'",
        );
      writeFileSync(join(project, 'ecosystem.config.cjs'), late);
      await shell.run(command);
      const { output } = await shell.run('npx pm2 stop all');
      expect(output).toContain('stopped');
      expect(spansOf(collector, 'late')).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('containers', () => {
  const [dockerfile, withPath] = blocksOf(PAGE).filter(({ language }) => language === 'dockerfile');

  test('start the documented command', async () => {
    const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile!.text)![1]!) as string[];
    expect((await shell.run(command.join(' '))).tree).toEqual(REQUEST);
  });

  test('find the preload by its path from any working directory', async () => {
    const options = /^ENV NODE_OPTIONS=(.*)$/m.exec(withPath!.text)![1]!.replace('/app/', `${project}/`);
    const program = join(project, 'app.js');
    const elsewhere = `cd / && node ${program}`;
    expect((await shell.run(elsewhere, { NODE_OPTIONS: options })).tree).toEqual(REQUEST);
    const { code, output } = await shell.run(elsewhere, { NODE_OPTIONS: '--import=@clew/node/register' });
    expect(code).toBe(1);
    expect(output).toContain("Cannot find package '@clew/node'");
  });
});

describe('systemd', () => {
  const unit = blockOf(PAGE, 'systemd', 'ini');

  test('starts the documented command', async () => {
    const command = /^ExecStart=\/usr\/bin\/(.*)$/m.exec(unit)![1]!;
    expect((await shell.run(command)).tree).toEqual(REQUEST);
  });

  const verifies = existsSync('/usr/bin/systemd-analyze') ? test : test.skip;
  verifies('has a valid unit', () => {
    const file = join(project, 'shop.service');
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    execFileSync('systemd-analyze', ['verify', file], { stdio: 'pipe' });
  });
});
