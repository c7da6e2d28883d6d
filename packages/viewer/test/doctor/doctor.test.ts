import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { librariesOf } from '../../src/doctor/libraries.ts';
import { PLUGIN_OF_LIBRARY } from '../../src/doctor/plugin-catalogue.ts';
import { processFindings } from '../../src/doctor/process-findings.ts';
import { satisfies } from '../../src/doctor/version-range.ts';
import { clew } from '../clew-process.ts';
import {
  type DoctorProject,
  installClew,
  makeProject,
  type Receiver,
  startReceiver,
} from './doctor-project.ts';

const NODE = process.execPath;
const SHOP = `const express = require('express');
const server = express().get('/', (request, response) => response.send('ok')).listen(0, async () => {
  const response = await fetch('http://127.0.0.1:' + server.address().port);
  console.log(await response.text(), process.execArgv.length);
  server.close();
});
`;

let receiver: Receiver;
let project: DoctorProject;
beforeAll(async () => {
  receiver = await startReceiver(200);
  project = makeProject(receiver);
  installClew(project);
  project.install('instrumentation-http', 'instrumentation-express', 'instrumentation-undici');
  project.link('express');
  project.write('app.cjs', SHOP);
});
afterAll(() => {
  project.remove();
  receiver.close();
});

test('doctor finds no problems in a healthy application, and shows what is traced and by what', async () => {
  const { status, diagnosis, stderr } = await project.doctor(['--', NODE, 'app.cjs']);
  expect(diagnosis.problems).toEqual([]);
  expect(status).toBe(0);
  // The standard output of doctor is for the result.
  expect(stderr).toBe('ok 0\n');
  expect(diagnosis.libraries).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'express', plugin: '@clew/instrumentation-express', by: ['patch'] }),
      expect.objectContaining({ name: 'http', state: 'traced', by: expect.arrayContaining(['patch']) }),
    ]),
  );
  expect(diagnosis.exporters).toEqual([{ url: `${receiver.url}/v1/traces`, status: 200 }]);
  expect(diagnosis.trust).toEqual([null]);
  expect(diagnosis.spans.ended).toBeGreaterThan(1);
  expect(diagnosis.spans.exported).toBe(diagnosis.spans.ended);
});

test('doctor prints a table and no problems', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, NODE_OPTIONS: '', CLEW_TRUST: 'link' };
  const { status, stdout } = await clew(['doctor', '--', NODE, 'app.cjs'], env, project.folder);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^library +express \d\S+ +traced by @clew\/instrumentation-express: patch$/m);
  expect(stdout).toMatch(/^exporter +http:\S+\/v1\/traces +status 200$/m);
  expect(stdout).toMatch(/^trust +link$/m);
  expect(stdout).toMatch(/\nNo problems found\.\n$/);
});

test('doctor stops an application that does not end by itself, which is not a problem', async () => {
  project.write('server.cjs', "console.log('ready'); setInterval(() => {}, 1000);");
  const { status, diagnosis, stderr } = await project.doctor(['--seconds', '8', '--', NODE, 'server.cjs']);
  expect([status, diagnosis.problems, stderr]).toEqual([0, [], 'ready\n']);
});

test('doctor asks the receiver with the headers of the exporter', async () => {
  receiver.requests.length = 0;
  project.write('empty.cjs', '');
  await project.doctor(['--', NODE, 'empty.cjs'], { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret' });
  expect(receiver.requests).toHaveLength(1);
  expect(receiver.requests[0]).toMatchObject({ url: '/v1/traces', headers: { authorization: 'secret' } });
});

test('doctor examines the processes that the application starts, too', async () => {
  project.library('pg', '8.16.0');
  project.write('child.cjs', "require('pg');");
  project.write(
    'parent.cjs',
    "process.getBuiltinModule('node:child_process').fork('child.cjs').on('exit', () => console.log('done'));",
  );
  const { diagnosis } = await project.doctor(['--', NODE, 'parent.cjs']);
  expect(diagnosis.processes.map(({ main }) => main.replace(/^.*[\\/]/, ''))).toEqual([
    'parent.cjs',
    'child.cjs',
  ]);
  expect(diagnosis.problems).toEqual([
    {
      id: 'missing-plugin',
      problem: 'pg 8.16.0 is not traced: its plugin is not installed',
      advice: 'npm install @clew/instrumentation-pg',
    },
  ]);
});

test('an application whose name begins with @clew/ is examined as any other', async () => {
  project.write('named/package.json', '{ "name": "@clew/shop" }');
  project.write('named/app.mjs', "import 'express';");
  const { diagnosis } = await project.doctor(['--', NODE, 'named/app.mjs']);
  expect(diagnosis.libraries.map(({ name }) => name)).toContain('express');
});

test('a plugin that is disabled is shown, and is not a problem', async () => {
  const { diagnosis } = await project.doctor(['--', NODE, 'app.cjs'], {
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express',
  });
  expect(diagnosis.problems).toEqual([]);
  expect(diagnosis.libraries.find(({ name }) => name === 'express')?.state).toBe('disabled');
});

test('doctor fails in one line for a command that does not exist', async () => {
  const { status, stdout, stderr } = await clew(['doctor', '--', 'no-such-command']);
  expect([status, stdout, stderr]).toEqual([1, '', 'clew: no-such-command: command not found\n']);
});

test.each([
  ['v20.19.2', 1],
  ['v22.14.0', 1],
  ['v22.15.0', 0],
  ['v24.0.0', 0],
])('Node.js %s has %i problems', (node, count) => {
  const observed = [{ kind: 'process', pid: 1, node, main: 'app.js' }] as const;
  const found = processFindings(observed, librariesOf(observed), true);
  expect(found.filter(({ id }) => id === 'node-version')).toHaveLength(count);
});

test('the catalogue has every library that a plugin traces', () => {
  // A tool whose callbacks a plugin binds for its own library, and loggers, which traces do not depend on.
  const untraced = ['bluebird', 'pino', 'winston'];
  const packages = join(__dirname, '..', '..', '..');
  const stated = globSync('instrumentation-*/package.json', { cwd: packages }).flatMap((file) => {
    const { name, clew: field } = JSON.parse(readFileSync(join(packages, file), 'utf8'));
    return field.targets.flatMap(({ module }: { module?: string }) =>
      module === undefined || untraced.includes(module) ? [] : [[module.replace('node:', ''), name]],
    );
  });
  expect(stated.length).toBeGreaterThan(40);
  for (const [module, name] of stated)
    expect([module, `@clew/instrumentation-${PLUGIN_OF_LIBRARY[module]}`]).toEqual([module, name]);
});

test.each([
  ['5.1.0', '>=4.8 <6', true],
  ['4.8.0', '>=4.8 <6', true],
  ['4.7.9', '>=4.8 <6', false],
  ['6.0.0', '>=4.8 <6', false],
  ['0.10.3', '>=0.10 <3', true],
  ['5.12.0', '>=1 <2 || >=5 <5.12', false],
  ['5.11.9', '>=1 <2 || >=5 <5.12', true],
  ['1.2.3', '*', true],
  ['1.2.3', '^2.0.0', true],
])('version %s and range %s: %s', (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected);
});
