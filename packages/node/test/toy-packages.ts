import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './project.ts';

const toy = join(__dirname, '..', '..', '..', 'integration-tests', 'test-runners', 'toy');

/** Installs a small database library, `toy-database`. */
export function installToyDatabase(project: Project, folder = 'node_modules'): void {
  project.write(`${folder}/toy-database/package.json`, '{ "name": "toy-database", "version": "1.0.0" }');
  project.write(`${folder}/toy-database/index.js`, readFileSync(join(toy, 'toy-database.cjs'), 'utf8'));
}

/** Installs a plugin for `toy-database` of another publisher, with this name. */
export function installToyPlugin(project: Project, name: string, folder = `node_modules/${name}`): void {
  const clew = { class: 'ToyInstrumentation', targets: [{ module: 'toy-database', versions: ['*'] }] };
  const manifest = { name, version: '1.0.0', exports: './index.js', clew };
  project.write(`${folder}/package.json`, JSON.stringify(manifest));
  project.write(`${folder}/index.js`, readFileSync(join(toy, 'toy-plugin.cjs'), 'utf8'));
}

/** An application that sends one query to the toy, as CommonJS and as an ES module. */
export const APPLICATION = {
  'main.cjs':
    "const { Connection } = require('toy-database');\nnew Connection().send('SELECT 1', [], () => {});\n",
  'main.mjs':
    "import { Connection } from 'toy-database';\nnew Connection().send('SELECT 1', [], () => {});\n",
} as const;
