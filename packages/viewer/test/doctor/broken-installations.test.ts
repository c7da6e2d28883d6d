import { installOldApi, type Receiver, startReceiver } from './doctor-project.ts';
import { expectExplained, NODE, type SetUp } from './set-up.ts';

const LOADED_EARLY = 'a library that another preload has loaded before Clew';

const SET_UPS: readonly SetUp[] = [
  {
    name: 'a library whose plugin is not installed',
    prepare: (project) => project.library('pg', '8.16.0'),
    app: "require('pg');",
    problems: [
      {
        id: 'missing-plugin',
        problem: 'pg 8.16.0 is not traced: its plugin is not installed',
        advice: 'npm install @clew/instrumentation-pg',
      },
    ],
  },
  {
    name: 'a server of Node.js without the plugin for http',
    app: "require('node:http');",
    problems: [
      {
        id: 'missing-plugin',
        problem: 'http is not traced: its plugin is not installed',
        advice: 'npm install @clew/instrumentation-http',
      },
    ],
  },
  {
    name: 'an ES module that imports a library whose plugin is not installed',
    prepare: (project) => {
      project.library('ioredis', '5.4.1');
      project.write('app.mjs', "import 'ioredis';");
    },
    args: ['--', NODE, 'app.mjs'],
    problems: [
      {
        id: 'missing-plugin',
        problem: 'ioredis 5.4.1 is not traced: its plugin is not installed',
        advice: 'npm install @clew/instrumentation-ioredis',
      },
    ],
  },
  {
    name: 'a library in a version that its plugin does not support',
    prepare: (project) => {
      project.install('instrumentation-express');
      project.library('express', '3.21.2');
    },
    app: "require('express');",
    problems: [
      {
        id: 'unsupported-version',
        problem: 'express 3.21.2 is not traced: @clew/instrumentation-express supports >=4.8 <6',
        advice: 'npm install "express@>=4.8 <6"',
      },
    ],
  },
  {
    name: LOADED_EARLY,
    prepare: (project) => {
      project.install('instrumentation-express', 'instrumentation-http');
      project.link('express');
      project.write('early.cjs', "require('express');");
    },
    app: "require('express');",
    args: ['--', NODE, '--require', './early.cjs', 'app.cjs'],
    problems: [
      {
        id: 'loaded-early',
        problem: /^express 5\S+ was loaded before Clew was started, and is not traced reliably$/,
        advice: /^Load it later, or start Clew first/,
      },
    ],
  },
  {
    name: 'an ES module whose imports run before its init()',
    prepare: (project) => {
      project.install('instrumentation-express', 'instrumentation-http');
      project.link('express');
      project.write('app.mjs', "import { init } from '@clew/node';\nimport 'express';\ninit();\n");
    },
    args: ['--as-is', '--', NODE, 'app.mjs'],
    problems: [
      {
        id: 'loaded-early',
        problem: /^express 5\S+ was loaded before Clew was started, and is not traced reliably$/,
        advice: /with the preload: node --import @clew\/node\/register app\.js/,
      },
    ],
  },
  {
    name: 'an application without @clew/node',
    withoutClew: true,
    prepare: (project) => project.library('koa', '3.0.0'),
    app: "require('koa');",
    problems: [
      {
        id: 'node-missing',
        problem: '@clew/node is not installed in this folder',
        advice: 'npm install @clew/node',
      },
      {
        id: 'missing-plugin',
        problem: 'koa 3.0.0 is not traced: its plugin is not installed',
        advice: 'npm install @clew/instrumentation-koa',
      },
    ],
  },
  {
    name: 'two copies of the OpenTelemetry API',
    prepare: (project) => {
      project.library('old-library', '1.0.0', "require('@opentelemetry/api');");
      installOldApi(project, 'node_modules/old-library');
    },
    app: "require('old-library');",
    problems: [
      {
        id: 'two-copies',
        problem: /^2 copies of @opentelemetry\/api are loaded: 1\.10\.0 in .*, 1\.9\.0 in .*old-library/,
        advice: /^npm dedupe @opentelemetry\/api/,
      },
    ],
  },
  {
    name: 'an SDK of OpenTelemetry that starts after Clew',
    app: `const { trace } = require('@opentelemetry/api');
const { TracerProvider } = require('@opentelemetry/sdk-trace');
trace.setGlobalTracerProvider(new TracerProvider({}));`,
    problems: [
      { id: 'second-sdk', problem: /another tracer was started after Clew/, advice: /^Start only one/ },
    ],
  },
  {
    name: 'an SDK of OpenTelemetry that starts before Clew',
    prepare: (project) =>
      project.write(
        'sdk.cjs',
        `const { trace } = require('@opentelemetry/api');
const { TracerProvider } = require('@opentelemetry/sdk-trace');
trace.setGlobalTracerProvider(new TracerProvider({}));`,
      ),
    args: ['--', NODE, '--require', './sdk.cjs', 'app.cjs'],
    problems: [
      { id: 'second-sdk', problem: /another OpenTelemetry SDK is active/, advice: /^Start only one/ },
    ],
  },
  {
    name: 'another tracer',
    prepare: (project) => project.library('dd-trace', '5.60.0'),
    app: "require('dd-trace');",
    problems: [
      {
        id: 'other-tracer',
        problem: 'another tracer is loaded: dd-trace 5.60.0, which patches the same libraries',
        advice: 'Use only one tracer in a process: start the application without dd-trace, or without Clew.',
      },
    ],
  },
];

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver(200);
});
afterAll(() => receiver.close());

for (const setUp of SET_UPS) {
  // With Node.js 22.15, module hooks fail if another preload has loaded packages, also without Clew.
  const fails = setUp.name === LOADED_EARLY && process.version.startsWith('v22.15.');
  (fails ? test.skip : test)(`doctor explains ${setUp.name}`, () => expectExplained(setUp, receiver));
}
