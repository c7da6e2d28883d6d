// What is appended to the declarations of packages, so that `init({ plugins })` of @clew/node has the types of the plugins
// that are installed.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns a function that returns the texts for `ENTRY.d.ts` and `ENTRY.d.cts`: for a plugin, its class under its name;
 * for `@clew/node`, imports of all plugins of this repository, which TypeScript ignores if they are not installed.
 *
 * @param {string} root
 * @param {any} manifest
 * @returns {(entry: string) => { forImport: string, forRequire: string }}
 */
export function additionsTo(root, manifest) {
  const ofMain = manifest.clew
    ? namedClass(manifest)
    : both(manifest.name === '@clew/node' ? importsOfPlugins(root) : '');
  return (entry) => (entry === 'index' ? ofMain : both(''));
}

function both(text) {
  return { forImport: text, forRequire: text };
}

/** In one file, because an interface cannot have two properties with one name, whose types are from different files. */
function namedClass({ name, clew }) {
  return {
    forImport: `\nimport type {} from './index.cjs';\n`,
    forRequire: `
declare module '@clew/core/plugin-classes' {
    interface PluginClasses {
        '${name}': typeof ${clew.class};
    }
}
`,
  };
}

function importsOfPlugins(root) {
  const manifests = globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')));
  const imports = manifests
    .filter(({ clew }) => clew)
    .map(({ name }) => `// @ts-ignore: may not be installed\nimport type {} from '${name}';\n`);
  return `\n${imports.join('')}`;
}
